"""A firm that is phoned: every call waits until a person records what the firm said.

``net slot resolve`` records it. Phoning twice does no harm here, because the adapter itself does nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from providers.protocol import Answer, Call, Callback, Capabilities, HoldKind, Idempotency, Pending, Services
from providers.terms import fees_of


class Manual:
    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        self._name = name
        self._contact = str(settings.get("contact", ""))
        self.capabilities = Capabilities(
            HoldKind(settings.get("hold", "firm")),
            Idempotency.KEY,
            Callback.PUSH,
            fees_of(settings),
            in_flight=timedelta(0),
        )

    def _phone(self, call: Call) -> Answer:
        whom = f"{self._name} ({self._contact})" if self._contact else self._name
        return Pending(call.key, f"{whom} must be asked to {call.verb}: record the answer")

    quote = hold = confirm = release = cancel = status = _phone


def connect(name: str, settings: Mapping[str, Any], _services: Services) -> Manual:
    return Manual(name, settings)
