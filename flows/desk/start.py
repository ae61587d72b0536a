"""``net init``: a ledger, a key and a network file of one's own; the practice ledger of the example."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from config.locations import own_config, own_ledger, practice_ledger, shipped_example, shipped_network
from config.logins import save_login, shown_url, with_login
from flows.desk.session import Session

SETTINGS = """# Settings of net; docs/reference/network.md describes every field.

network = "network.toml"        # the providers and lenders you trade on; edit it, or net provider add
"""

EMPTY_NETWORK = """# The firms you trade on; docs/reference/network.md describes every field.
# net provider add and net lender add write them here.

name = "My network"
country = "CN"
currency = "CNY"
"""


@dataclass(frozen=True, slots=True)
class InPlace:
    """One thing that is in place now; ``new`` says whether it was made just now."""

    what: str
    where: str
    new: bool


def start(
    session: Session,
    ledger_url: str | None,
    config_path: Path | None,
    *,
    practice: bool,
    empty: bool = False,
) -> list[InPlace]:
    """Put ledger, key, settings and network in place; what is there already stays as it is. ``empty``: a new
    network has no firms."""
    settings = config_path or own_config()
    found = [*start_config(settings, empty=empty)]
    session.config_path = settings
    session.__dict__.pop("keys_folder", None)
    key = session.keys_folder / "ledger.pem"
    found.append(InPlace("signing key", str(key), not key.exists()))
    default = practice_ledger() if practice else own_ledger()
    url = ledger_url or str(default)
    new = start_ledger(session, url, practice=practice)
    address = session.ledger_url or url
    if new and shown_url(address) != address:
        found.append(InPlace("login, for you alone", str(save_login(session.keys_folder, address)), True))
    found.append(InPlace("practice ledger" if practice else "ledger", shown_url(address), new))
    return found


def start_config(settings: Path, *, empty: bool = False) -> list[InPlace]:
    """The settings file and a copy of the network that ships, or an ``empty`` one; keys stand beside them."""
    network = settings.with_name("network.toml")
    found = [InPlace("settings", str(settings), not settings.exists())]
    settings.parent.mkdir(parents=True, exist_ok=True)
    (settings.parent / "keys").mkdir(mode=0o700, exist_ok=True)
    if not settings.exists():
        settings.write_text(SETTINGS)
        found.append(InPlace("network", str(network), not network.exists()))
        if not network.exists() and empty:
            network.write_text(EMPTY_NETWORK)
        elif not network.exists():
            shutil.copyfile(shipped_network(), network)
    return found


def start_ledger(session: Session, url: str, *, practice: bool) -> bool:
    """Make the ledger unless it is there; True when it was made now.

    On PostgreSQL ``url`` is the owner's; the session goes on as the program's role, which owns nothing.
    """
    from domain.errors import NotFoundError
    from ledger.store import create_ledger, open_ledger

    try:
        open_ledger(url).close()
    except NotFoundError:
        with create_ledger(url, practice=practice, actor=session.actor, clock=session.clock) as ledger:
            session.ledger_url = ledger.backend.url
        return True
    session.ledger_url = with_login(session.keys_folder, url)
    return False


def other_ledger(in_force: str | None) -> str:
    """What is said of the ledger that also stands in the user's directory and does not answer; or nothing."""
    own, practice = own_ledger(), practice_ledger()
    if in_force == str(own) and practice.exists():
        return f"the practice ledger stays at {practice}; --ledger practice works on it"
    if in_force == str(practice) and own.exists():
        return f"commands without --ledger go on with your own ledger, {own}; --ledger practice for this one"
    return ""


def practise_if_example(session: Session, order_file: Path) -> bool:
    """Where no ledger is configured and the order is the shipped example: work in the practice ledger."""
    if session.ledger_url is not None or order_file.read_bytes() != shipped_example().read_bytes():
        return False
    start_ledger(session, str(practice_ledger()), practice=True)
    return True


def order_file(given: Path) -> Path:
    """The file itself, or the shipped copy when ``examples/lamp-order.toml`` is named and is not there."""
    if not given.exists() and given.parts[-2:] == ("examples", shipped_example().name):
        return shipped_example()
    return given
