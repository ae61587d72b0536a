"""The project that ``net provider new`` writes: one file of about twenty lines and one entry-point line."""

import re
from pathlib import Path

from domain.errors import RefusedError, UsageError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")

PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "net-{name}"
version = "0.1.0"
description = "{name}: {kind} for net"
requires-python = ">=3.11"

[project.entry-points."net.providers"]
{name} = "net_{module}:connect"

[tool.setuptools]
py-modules = ["net_{module}"]
"""

MODULE = '''\
"""{name}: {kind}, as net talks to it. Replace the body of each verb with a call to the firm's own system."""

from datetime import timedelta

from providers.protocol import Booked, Call, Capabilities, Declined, Held, HoldKind, Idempotency
from providers.protocol import Quoted, Released, Unseen


class {title}:
    capabilities = Capabilities(HoldKind.FIRM, Idempotency.KEY, in_flight=timedelta(seconds=30))

    def __init__(self, name, settings, services):
        self._clock, self._answers, self._open = services.clock, {{}}, set()

    def quote(self, call: Call):
        return Quoted(call.request.price_minor, call.request.currency, self._clock() + timedelta(hours=1))

    def hold(self, call: Call):
        self._open.add(call.key)
        held = Held(call.key, call.expires_at, call.request.price_minor, call.request.currency)
        return self._answers.setdefault(call.key, held)

    def confirm(self, call: Call):
        if call.reference not in self._open:
            return Declined("expired", "it is not held")
        booked = Booked(call.reference, call.request.price_minor, call.request.currency)
        return self._answers.setdefault(call.key, booked)

    def release(self, call: Call):
        self._open.discard(call.reference)
        return self._answers.setdefault(call.key, Released(0, call.request.currency))

    cancel = release

    def status(self, call: Call):
        return self._answers.get(call.key, Unseen())


connect = {title}
'''

TEST = '''\
"""The rules that every adapter keeps; the same as ``net provider check {name}``."""

import uuid
from datetime import UTC, datetime

from net_{module} import connect
from providers.contract import check_adapter
from providers.protocol import Services, SlotLine, SlotRequest


def test_adapter_keeps_every_rule():
    def clock():
        return datetime.now(UTC)

    adapter = connect("{name}", {{}}, Services(clock, lambda name: ""))
    line = SlotLine("{name}/slot", "2035-01-08", 1)
    request = SlotRequest("check", "check", "{kind}", "{name}", (line,), 1000, "EUR")
    findings = check_adapter(adapter, request, clock(), lambda: uuid.uuid4().hex)
    assert [one for one in findings if one.passed is False] == []
'''

README = """\
# net-{name}

An adapter for `net`: {kind}.

    pip install -e .
    net provider check {name}
    pytest

Use it in the network file:

    [[provider]]
    id = "{name}"
    kind = "{kind}"
    adapter = "{name}"
"""


def write_project(folder: Path, name: str, kind: str) -> list[Path]:
    """Write the project ``net-NAME`` into the folder; RefusedError when it is there already."""
    if not _NAME.match(name):
        raise UsageError(f"{name!r} is no name for an adapter", "use lower-case letters, digits and hyphens")
    module = name.replace("-", "_")
    title = "".join(part.capitalize() for part in name.split("-"))
    home = folder / f"net-{name}"
    if home.exists():
        raise RefusedError(f"{home} is there already", "give another name, or another folder with --into")
    texts = {
        "pyproject.toml": PYPROJECT,
        f"net_{module}.py": MODULE,
        f"tests/test_net_{module}.py": TEST,
        "README.md": README,
    }
    written = []
    for place, text in texts.items():
        path = home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(name=name, module=module, title=title, kind=kind), encoding="utf-8")
        written.append(path)
    return written
