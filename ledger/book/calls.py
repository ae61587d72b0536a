"""What is recorded before and after the outside is asked: finance claims, calls, messages."""

from typing import Any

from domain.errors import (
    AlreadyFinancedError,
    KeyReusedError,
    NetError,
    NotFoundError,
)
from domain.record_kinds import RecordKey
from ledger.book.appending import Appending
from ledger.record import kinds
from ledger.record.backend import GuardError
from ledger.record.records import Receipt
from trust.canonical import canonical_text


class Calls(Appending):
    """One financier for each fingerprint, one outcome for each call, one delivery for each message."""

    # double finance -----------------------------------------------------------------------------

    def claim_finance(self, fingerprint: str, order: str, financier: str) -> Receipt:
        """Claim what ``fingerprint`` stands for; ``AlreadyFinancedError`` names the order that has it."""
        rows = list(
            self._rows(
                "SELECT order_reference, financier, turn FROM finance_claim AS made WHERE fingerprint = ?"
                " AND NOT EXISTS (SELECT 1 FROM finance_release WHERE fingerprint = made.fingerprint"
                " AND turn = made.turn)",
                fingerprint,
            )
        )
        if rows:
            held_by, financed_by, turn = rows[0]
            if (held_by, financed_by) != (canonical_text(order), canonical_text(financier)):
                raise AlreadyFinancedError(
                    f"order {order} is financed already: {financed_by} finances it as order {held_by}",
                    f"net order show {held_by}",
                )
            return self._repeated_receipt(f"claim:{fingerprint}#{turn}")
        count = self._row("SELECT COUNT(*) FROM finance_claim WHERE fingerprint = ?", fingerprint)
        turn = 1 + (int(count[0]) if count else 0)
        body = {"fingerprint": fingerprint, "financier": financier}
        try:
            return self._note(kinds.CLAIM_MADE, f"claim:{fingerprint}#{turn}", body, order)
        except (KeyReusedError, GuardError) as refusal:
            if isinstance(refusal, GuardError) and "financed already" not in refusal.message:
                raise
            # another writer claimed it since we looked, before or after we counted the turns
            return self.claim_finance(fingerprint, order, financier)

    def release_finance(self, fingerprint: str, order: str) -> Receipt | None:
        """Free a claim of ``order`` whose finance was never drawn or is repaid; None when there is none."""
        rows = list(
            self._rows(
                "SELECT turn FROM finance_claim AS made WHERE fingerprint = ? AND order_reference = ?"
                " AND NOT EXISTS (SELECT 1 FROM finance_release WHERE fingerprint = made.fingerprint"
                " AND turn = made.turn)",
                fingerprint,
                order,
            )
        )
        if not rows:
            return None
        turn = int(rows[0][0])
        body = {"fingerprint": fingerprint, "turn": turn}
        return self._note(kinds.CLAIM_RELEASED, f"claim-release:{fingerprint}#{turn}", body, order)

    # calls to the outside -----------------------------------------------------------------------

    def record_intent(self, operation: str, order: str | None, request: Any) -> Receipt:
        """Say what is about to be asked of a provider, before it is sent; its key never changes."""
        body = {"operation": operation, "request": request}
        before = self.record_by_key(f"intent:{operation}")
        on = before.on if before else None
        return self._note(kinds.CALL_INTENDED, f"intent:{operation}", body, order, on)

    def record_attempt(self, operation: str) -> int:
        """Say that the call is about to be sent; which attempt it is, from 1."""
        intent = self._intent_order(operation)
        count = self._row("SELECT COUNT(*) FROM attempt WHERE operation = ?", operation)
        n = 1 + (int(count[0]) if count else 0)
        self._note(
            kinds.CALL_ATTEMPTED, RecordKey.attempt(operation, n), {"operation": operation, "n": n}, intent
        )
        return n

    def record_outcome(self, operation: str, status: str, answer: Any = None) -> Receipt:
        """Say what came of a call: ``ok``, ``failed`` or, until someone finds out, ``unknown``."""
        if status not in ("ok", "failed", "unknown"):
            raise NetError(f"a call does not end as {status!r}")
        order = self._intent_order(operation)
        rows = list(self._rows("SELECT n, status FROM outcome WHERE operation = ? ORDER BY n", operation))
        last = rows[-1] if rows else None
        n = last[0] if last and (last[1] != "unknown" or status == "unknown") else len(rows) + 1
        key = RecordKey.outcome(operation, n)
        before = self.record_by_key(key)
        body = {"operation": operation, "n": n, "status": status, "answer": answer}
        return self._note(kinds.CALL_ANSWERED, key, body, order, before.on if before else None)

    def _intent_order(self, operation: str) -> str | None:
        row = self._row("SELECT order_reference FROM intent WHERE operation = ?", operation)
        if row is None:
            raise NotFoundError(f"there is no intent {operation!r}", "record the intent before the attempt")
        order: str | None = row[0]
        return order

    def put_outbox(self, message_id: str, recipient: str, content: Any, order: str | None = None) -> Receipt:
        """Queue a message in the same commit as what it tells; it is delivered at least once."""
        body = {"message_id": message_id, "recipient": recipient, "content": content}
        before = self.record_by_key(f"outbox:{message_id}")
        return self._note(
            kinds.MESSAGE_QUEUED, f"outbox:{message_id}", body, order, before.on if before else None
        )

    def mark_delivered(self, message_id: str) -> Receipt:
        if self._row("SELECT 1 FROM outbox WHERE message_id = ?", message_id) is None:
            raise NotFoundError(f"there is no message {message_id!r} in the outbox")
        if self._row("SELECT 1 FROM delivery WHERE message_id = ?", message_id):
            return self._repeated_receipt(f"delivery:{message_id}")
        return self._note(kinds.MESSAGE_DELIVERED, f"delivery:{message_id}", {"message_id": message_id})

    def inbox(self, provider: str, message_id: str) -> bool:
        """Take a message in; False when it was taken in before and is to be left alone."""
        if self.received(provider, message_id):
            return False
        body = {"provider": provider, "message_id": message_id}
        self._note(kinds.MESSAGE_RECEIVED, f"inbox:{provider}/{message_id}", body)
        return True
