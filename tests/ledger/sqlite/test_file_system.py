"""A ledger on a network file system is refused."""

from pathlib import Path

import pytest

from domain.errors import UsageError
from ledger.sqlite import file_system
from ledger.sqlite.file_system import _mounted, kind_of
from ledger.store import create_ledger, open_ledger
from tests.ledger.conftest import ACTOR

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /srv/team rw,relatime shared:1 - nfs4 server:/team rw,vers=4.2
31 30 0:41 / /srv/team/local rw - xfs /dev/vdb rw
32 22 0:42 / /srv/with\\040space rw - cifs //server/x rw
33 22 0:43 / /over rw - ext4 /dev/vdc rw
34 33 0:44 / /over rw - fuse.sshfs host:/ rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/net.db", "ext4"),
        ("/srv/team/net.db", "nfs4"),
        ("/srv/teamwork/net.db", "ext4"),
        ("/srv/team/local/net.db", "xfs"),
        ("/srv/with space/net.db", "cifs"),
        ("/over/net.db", "fuse.sshfs"),
    ],
)
def test_file_system_is_that_of_the_longest_mount_above(path: str, kind: str) -> None:
    assert _mounted(Path(path), MOUNTS) == kind


def test_file_system_of_a_real_path_is_known(tmp_path: Path) -> None:
    assert kind_of(tmp_path) not in file_system.NETWORK


def test_ledger_refuses_a_network_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_ledger(tmp_path / "here", practice=True, actor=ACTOR).close()
    monkeypatch.setattr(file_system, "kind_of", lambda _: "nfs4")
    for attempt in (
        lambda: create_ledger(tmp_path / "net.db", practice=True, actor=ACTOR),
        lambda: open_ledger(tmp_path / "here"),
    ):
        with pytest.raises(UsageError, match="network file system"):
            attempt()
