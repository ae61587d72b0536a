"""Where things are kept when nobody says: the user's data and config directories.

Nothing is ever written into the installed package; what ships with the program is only read.
"""

from pathlib import Path

SHIPPED = Path(__file__).resolve().parent
"""The folder of the network and the example that ship with the program."""

PRACTICE = "practice"
"""What ``--ledger practice`` means: the practice ledger in the user's data directory."""


def data_directory() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("net", appauthor=False))


def config_directory() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("net", appauthor=False))


def own_ledger() -> Path:
    return data_directory() / "ledger.db"


def practice_ledger() -> Path:
    return data_directory() / "practice.db"


def own_config() -> Path:
    return config_directory() / "net.toml"


def shipped_network() -> Path:
    return SHIPPED / "network.toml"


def shipped_example() -> Path:
    """The order of the worked example; the same file as ``examples/lamp-order.toml``."""
    return SHIPPED / "lamp-order.toml"


def find_config(given: Path | None) -> Path:
    """The config file in force: the one given, else the user's own, else the one that ships."""
    if given is not None:
        return given
    own = own_config()
    return own if own.exists() else shipped_network()


def find_ledger(given: str | None) -> str | None:
    """The ledger in force: the one given, else the user's own, else the practice one; None without any."""
    if given == PRACTICE:
        return str(practice_ledger())
    if given:
        return given
    for path in (own_ledger(), practice_ledger()):
        if path.exists():
            return str(path)
    return None


def keys_directory(config: Path) -> Path:
    """Signing keys stand beside the config that ``net init`` made, else in the user's config directory."""
    beside = config.resolve().parent / "keys"
    return beside if beside.is_dir() and config != shipped_network() else config_directory() / "keys"
