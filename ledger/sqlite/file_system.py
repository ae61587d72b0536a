"""Which file system a path lies on: SQLite's locks and shared memory are not safe on network ones."""

import os
import platform
from pathlib import Path

from domain.errors import UsageError

NETWORK = frozenset(
    {
        "9p",
        "afpfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse.ceph",
        "fuse.cephfs",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gfs2",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "prl_fs",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "sshfs",
        "vboxsf",
        "vmhgfs",
        "webdav",
    }
)


def refuse_network(path: Path) -> None:
    """``UsageError`` where the folder of ``path`` lies on a network file system."""
    kind = kind_of(path)
    if kind in NETWORK:
        raise UsageError(
            f"{path} lies on a network file system ({kind}), where a SQLite ledger can be damaged",
            "keep the ledger on a disk of this machine, or use PostgreSQL for a team",
        )


def kind_of(path: Path) -> str:
    """The file system's name as the system gives it; empty where it does not say."""
    if platform.system() == "Linux":
        try:
            return _mounted(path, Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return ""
    if os.name == "nt":
        return "smb" if str(path.absolute()).startswith("\\\\") else ""
    return _mac_kind(path)


def _mounted(path: Path, mountinfo: str) -> str:
    """The type of the longest mount point above ``path``; the last of several on one place counts."""
    place, best, kind = os.path.realpath(path), -1, ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        mount = fields[4].encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "replace")
        inside = place == mount or place.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= best:
            best, kind = len(mount), after.split(" ")[0]
    return kind


def _mac_kind(path: Path) -> str:
    """``mount`` on macOS and the BSDs prints ``source on place (type, options)``."""
    import subprocess

    try:
        printed = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    place, best, kind = os.path.realpath(path), -1, ""
    for line in printed.splitlines():
        head, _, options = line.rpartition(" (")
        mount = head.partition(" on ")[2]
        if place.startswith(mount.rstrip("/") + "/") and len(mount) > best:
            best, kind = len(mount), options.split(",")[0]
    return kind
