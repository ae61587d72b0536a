"""Who this installation is to other firms, and which firms it has enrolled."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.errors import NotFoundError
from flows.desk.session import Session
from trust.keys import PublicKey, SigningKey
from trust.node_keys import load_signing_key, trusted_firms

OURSELVES = "us"


@dataclass(frozen=True, slots=True)
class Firm:
    """Our signing key, and the names that we have given to the keys of other firms."""

    key: SigningKey
    names: Mapping[str, str]

    @property
    def id(self) -> str:
        return self.key.public.text

    def name(self, key: str) -> str:
        """Our name for a firm; its key where we know none."""
        return self.names.get(key, key)

    def key_of(self, name: str) -> str:
        """The key of an enrolled firm by our name for it; NotFoundError where nobody is called so."""
        for key, known in self.names.items():
            if name in (known, key):
                return key
        known = ", ".join(sorted(one for one in self.names.values() if one != OURSELVES)) or "nobody yet"
        raise NotFoundError(
            f"no firm {name!r} is enrolled", f"net node trust enrols one; enrolled are: {known}"
        )


def this_firm(session: Session) -> Firm:
    """NotFoundError without a key of our own: ``net node keygen`` makes it."""
    return firm_in(session.keys_folder)


def firm_in(folder: Path) -> Firm:
    """The firm whose keys lie in a folder; of a firm with several keys the newest names it."""
    key = SigningKey(load_signing_key(folder))
    names = {PublicKey.of(one.public_key.public_bytes_raw()).text: one.name for one in
             reversed(trusted_firms(folder).values())}  # fmt: skip
    return Firm(key, {**names, key.public.text: OURSELVES})
