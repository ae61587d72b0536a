"""Files that are whole and on the disk under their name, or not there: after a crash and after a power cut.

Content is written beside the name, synced, put under the name in one step, and then the folder is synced: a
name lasts only from then on.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from domain.errors import NetError, RefusedError, UnreachableError


def write_whole(path: Path, content: bytes, *, mode: int = 0o644, over: bool = True) -> None:
    """``content`` under ``path``; without ``over`` never in the place of another: ``RefusedError``.

    ``UnreachableError`` when the disk or the rights refuse; what was under the name is there still.
    """
    try:
        path = Path(os.path.realpath(path))  # a link stays one, and what it leads to is replaced
        if path.exists() and not path.is_file():  # a terminal or a pipe: nothing there can be half
            path.write_bytes(content)
            return
        make_folder(path.parent)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            _write_synced(beside, content, mode)
            put_in_place(beside, path, over=over)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise refused_by_disk(path, error) from error


def put_in_place(beside: Path, path: Path, *, over: bool) -> None:
    """Give a finished file its name and make the name last; ``RefusedError`` for a name that is taken."""
    if over:
        beside.replace(path)
    else:
        _rename_new(beside, path)
    sync_folder(path.parent)


def _rename_new(beside: Path, path: Path) -> None:
    """A rename takes a name from whoever has it; a link does not."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise RefusedError(f"there is a file at {path} already", "name another place") from None
    except OSError:  # a file system without links
        if path.exists():
            raise RefusedError(f"there is a file at {path} already", "name another place") from None
        beside.rename(path)
    else:
        beside.unlink()


def _write_synced(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Put on the disk what another program wrote there."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """The folder and those above it, each with its name on the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=mode)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in the folder last; a system that cannot sync a folder does so by itself."""
    if os.name == "nt":  # pragma: no cover
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refused_by_disk(path: Path, error: OSError) -> NetError:
    """What the disk or the rights refuse, in words."""
    return UnreachableError(
        f"{path} could not be written: {error.strerror or error}",
        "make room, or look at the rights of the folder, and run the same command again",
    )
