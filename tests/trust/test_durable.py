"""Files whole and on the disk, or not there."""

import errno
import os
from pathlib import Path

import pytest

from domain.errors import RefusedError, UnreachableError
from trust.durable import make_folder, put_in_place, write_whole


def test_content_is_synced_before_it_has_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    sync, replace = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        told.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        sync(handle)

    def renamed(self: Path, target: Path) -> Path:
        told.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", renamed)
    write_whole(tmp_path / "a", b"one")
    assert told == ["file", "name", "folder"]
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "a", b"one")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnreachableError, match="No space left") as told:
        write_whole(tmp_path / "a", b"two")
    assert told.value.exit_code == 6
    assert (tmp_path / "a").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_nothing_is_put_over_what_is_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"one")
    with pytest.raises(RefusedError, match="a file at"):
        write_whole(tmp_path / "a", b"two", over=False)
    (tmp_path / "b").write_bytes(b"three")
    with pytest.raises(RefusedError, match="a file at"):
        put_in_place(tmp_path / "b", tmp_path / "a", over=False)
    assert (tmp_path / "a").read_bytes() == b"one"


def test_folders_above_are_made_and_a_link_stays_one(tmp_path: Path) -> None:
    make_folder(tmp_path / "x" / "y", mode=0o700)
    write_whole(tmp_path / "x" / "y" / "z" / "a", b"one", mode=0o600)
    assert (tmp_path / "x" / "y" / "z" / "a").stat().st_mode & 0o777 == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "x" / "y" / "z" / "a")
    write_whole(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "x" / "y" / "z" / "a").read_bytes() == b"two"


def test_a_device_is_written_to_as_it_is() -> None:
    write_whole(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()
