"""What every adapter must keep, as rules that can be run: ``net provider check`` and an outsider's own tests.

Rules that do not apply to what the adapter declares are skipped and say so. The rules really hold, book
and give back one unit at the firm, so they are run on a day far ahead, or on the firm's test system.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from providers.answers import AnswerError, answer_data, read_answer
from providers.protocol import (
    REQUIRED_VERBS,
    Adapter,
    Answer,
    Booked,
    Call,
    Capabilities,
    Declined,
    Held,
    HoldKind,
    Idempotency,
    NoAnswerError,
    NotSentError,
    Pending,
    Quoted,
    Released,
    SlotRequest,
    Unseen,
    Verb,
    ask,
)
from providers.terms import cancel_fee_minor

HOLD_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule's outcome; ``passed`` is None where the rule does not apply, ``detail`` says why."""

    rule: str
    passed: bool | None
    detail: str = ""


class _SkipError(Exception):
    """The rule does not apply."""


class _BrokenError(Exception):
    """The rule is broken."""


class AdapterContract:
    """The rules over one adapter; ``key`` makes idempotency keys that were never used before."""

    def __init__(self, adapter: Adapter, request: SlotRequest, now: datetime, key: Callable[[], str]) -> None:
        self._adapter, self._request, self._now, self._key = adapter, request, now, key
        self._held: tuple[Call, Held] | None = None
        self._booked: tuple[Call, Booked] | None = None

    def findings(self) -> Iterator[RuleOutcome]:
        """Every rule in turn; a rule that needs what an earlier one failed to get is skipped."""
        for rule in self._rules():
            name = (rule.__doc__ or "").strip().rstrip(".")
            try:
                yield RuleOutcome(name, True, rule() or "")
            except _SkipError as why:
                yield RuleOutcome(name, None, str(why))
            except _BrokenError as why:
                yield RuleOutcome(name, False, str(why))
            except Exception as error:  # whatever an adapter raises, the report names it
                yield RuleOutcome(name, False, f"raised {type(error).__name__}: {error}")

    def _rules(self) -> list[Callable[[], str | None]]:
        return [
            self._declares,
            self._quotes,
            self._unseen,
            self._holds,
            self._repeats_hold,
            self._looks_up_hold,
            self._refuses_other_use_of_key,
            self._confirms,
            self._repeats_confirm,
            self._cancels,
            self._cancels_twice,
            self._releases,
            self._declines_after_release,
            self._releases_twice,
            self._completes,
        ]

    # asking -------------------------------------------------------------------------------------

    @property
    def _can(self) -> Capabilities:
        found = getattr(self._adapter, "capabilities", None)
        if not isinstance(found, Capabilities):
            raise _SkipError("it does not declare what it can do")
        return found

    def _call(self, verb: Verb, reference: str = "", key: str = "") -> Call:
        until = (self._now + HOLD_FOR).replace(microsecond=0)
        return Call(verb, key or self._key(), self._request, until, reference)

    def _ask(self, call: Call) -> Answer:
        if not callable(getattr(self._adapter, call.verb.value, None)):
            raise _SkipError(f"it has no verb {call.verb}")
        try:
            answer = ask(self._adapter, call)
        except (NotSentError, NoAnswerError) as error:
            raise _SkipError(f"the firm gave no answer: {error.message}") from None
        if not isinstance(answer, Answer):
            raise _BrokenError(f"{call.verb} returned {type(answer).__name__}, which is no answer")
        try:
            again = read_answer(answer_data(answer))
        except AnswerError as error:
            if not self._can.in_ledger:
                raise _BrokenError(f"{call.verb} gave an answer that cannot be recorded: {error}") from None
            again = answer
        if _said(again) != _said(answer):
            raise _BrokenError(f"{call.verb} gave an answer that changes when it is recorded: {answer}")
        if isinstance(answer, Pending):
            raise _SkipError(f"answers later: {answer.reason}")
        return answer

    def _expect(self, call: Call, *kinds: type) -> Answer:
        answer = self._ask(call)
        if not isinstance(answer, kinds):
            names = " or ".join(kind.__name__.lower() for kind in kinds)
            raise _BrokenError(f"{call.verb} answered {answer}, expected {names}")
        return answer

    def _same(self, call: Call, first: Answer) -> None:
        if self._can.idempotency is not Idempotency.KEY:
            raise _SkipError(f"it declares idempotency {self._can.idempotency}")
        again = self._ask(call)
        if again != first:
            raise _BrokenError(f"the same key got {first}, then {again}")

    # rules --------------------------------------------------------------------------------------

    def _declares(self) -> None:
        """Declares what it can do, and has every verb."""
        if not isinstance(getattr(self._adapter, "capabilities", None), Capabilities):
            raise _BrokenError("capabilities is not a Capabilities")
        wanted = [*REQUIRED_VERBS, *([Verb.COMPLETE] if self._can.completes else [])]
        missing = [verb.value for verb in wanted if not callable(getattr(self._adapter, verb.value, None))]
        if missing:
            raise _BrokenError(f"lacks {', '.join(missing)}")
        if self._can.in_flight < timedelta(0) or any(
            not 0 <= fee <= 1 for fee in self._can.cancel_fees.values()
        ):
            raise _BrokenError("in_flight or a cancellation fee is out of range")

    def _quotes(self) -> str:
        """Quotes a price that is valid for a while, or declines."""
        answer = self._expect(self._call(Verb.QUOTE), Quoted, Declined)
        if isinstance(answer, Quoted):
            self._check_price(answer.price_minor, answer.currency)
            self._check_time(answer.valid_until)
            return f"{answer.price_minor} {answer.currency} minor units"
        return f"declines: {answer.reason}" if isinstance(answer, Declined) else ""

    def _check_price(self, price_minor: int, currency: str) -> None:
        if price_minor < 0 or currency != self._request.currency:
            raise _BrokenError(f"the price {price_minor} {currency} is not one in {self._request.currency}")

    def _check_time(self, at: datetime) -> None:
        if at.tzinfo is None or at <= self._now:
            raise _BrokenError(f"{at} is no time of a zone that is still to come")

    def _unseen(self) -> None:
        """Says unseen of a key that it never got."""
        if self._can.in_ledger:
            raise _SkipError("nothing is ever in doubt in our own ledger")
        self._expect(self._call(Verb.STATUS), Unseen)

    def _holds(self) -> str:
        """Holds slots until a time to come, with a reference and a price, or declines."""
        if self._can.hold is not HoldKind.FIRM:
            raise _SkipError(f"it declares hold {self._can.hold}: the flow simulates it and says so")
        call = self._call(Verb.HOLD)
        answer = self._expect(call, Held, Declined)
        if isinstance(answer, Declined):
            raise _SkipError(f"declines: {answer.reason}")
        if isinstance(answer, Held):
            self._held = call, answer
            self._check_price(answer.price_minor, answer.currency)
            self._check_time(answer.expires_at)
            if answer.simulated:
                raise _BrokenError("a firm hold is not simulated")
        return ""

    def _hold(self) -> tuple[Call, Held]:
        if self._held is None:
            raise _SkipError("there is no hold to try it on")
        return self._held

    def _repeats_hold(self) -> None:
        """Answers the same key with the same hold."""
        self._same(*self._hold())

    def _looks_up_hold(self) -> None:
        """Tells by status what it answered."""
        call, held = self._hold()
        if self._can.in_ledger:
            raise _SkipError("nothing is ever in doubt in our own ledger")
        if self._can.idempotency is Idempotency.NONE:
            raise _SkipError("it declares that it can be asked nothing about a call")
        found = self._ask(replace(call, verb=Verb.STATUS))
        if found != held:
            raise _BrokenError(f"held {held}, but status says {found}")

    def _refuses_other_use_of_key(self) -> None:
        """Does not hold other slots for a key that was used."""
        call, held = self._hold()
        if self._can.idempotency is not Idempotency.KEY:
            raise _SkipError(f"it declares idempotency {self._can.idempotency}")
        if self._can.in_ledger:
            raise _SkipError("the keys of our own ledger are given by the flow")
        lines = tuple(replace(line, quantity=line.quantity + 1) for line in self._request.lines)
        other = replace(call, request=replace(self._request, lines=lines))
        answer = self._ask(other)
        if isinstance(answer, Held) and answer.reference != held.reference:
            raise _BrokenError("the same key with another request made a second hold")

    def _confirms(self) -> None:
        """Confirms what it holds."""
        if self._can.hold is HoldKind.FIRM:
            _, held = self._hold()
            call = self._call(Verb.CONFIRM, held.reference)
        else:
            call = self._call(Verb.CONFIRM)
        answer = self._expect(call, Booked, Declined)
        if isinstance(answer, Declined):
            if self._can.hold is HoldKind.FIRM:
                raise _BrokenError(f"declined what it holds: {answer.reason}")
            raise _SkipError(f"declines: {answer.reason}")
        if isinstance(answer, Booked):
            self._booked = call, answer
            self._check_price(answer.price_minor, answer.currency)

    def _book(self) -> tuple[Call, Booked]:
        if self._booked is None:
            raise _SkipError("there is no booking to try it on")
        return self._booked

    def _repeats_confirm(self) -> None:
        """Answers the same key with the same booking."""
        self._same(*self._book())

    def _cancels(self) -> None:
        """Cancels a booking at the fee that it declares."""
        _, booked = self._book()
        self._check_fee(
            self._expect(self._call(Verb.CANCEL, booked.reference), Released), "booked", booked.price_minor
        )

    def _check_fee(self, answer: Answer, state: str, price_minor: int) -> None:
        declared = cancel_fee_minor(self._can, state, price_minor)
        if isinstance(answer, Released) and answer.fee_minor != declared:
            raise _BrokenError(f"took {answer.fee_minor}, but declares {declared} for what is {state}")

    def _cancels_twice(self) -> None:
        """Cancels the same booking again without a second fee."""
        _, booked = self._book()
        if self._can.in_ledger:
            raise _SkipError("our own ledger says so once")
        answer = self._ask(self._call(Verb.CANCEL, booked.reference))
        if isinstance(answer, Released) and answer.fee_minor:
            raise _BrokenError(f"took {answer.fee_minor} a second time")

    def _again(self) -> Held:
        if self._can.hold is not HoldKind.FIRM or self._held is None:
            raise _SkipError("there is no hold to try it on")
        answer = self._ask(self._call(Verb.HOLD))
        if not isinstance(answer, Held):
            raise _SkipError(f"no second hold: {answer}")
        return answer

    def _releases(self) -> None:
        """Releases a hold at the fee that it declares."""
        held = self._again()
        self._check_fee(
            self._expect(self._call(Verb.RELEASE, held.reference), Released), "held", held.price_minor
        )
        self._held = self._call(Verb.HOLD), held

    def _declines_after_release(self) -> None:
        """Declines to confirm what was released."""
        _, held = self._hold()
        self._expect(self._call(Verb.CONFIRM, held.reference), Declined)

    def _releases_twice(self) -> None:
        """Releases the same hold again without a second fee."""
        _, held = self._hold()
        answer = self._ask(self._call(Verb.RELEASE, held.reference))
        if isinstance(answer, Released) and answer.fee_minor:
            raise _BrokenError(f"took {answer.fee_minor} a second time")

    def _completes(self) -> None:
        """Ends a booking that was used, at no fee, and only once"""
        if not self._can.completes:
            raise _SkipError("it does not want to be told")
        held = self._again() if self._can.hold is HoldKind.FIRM else None
        booked = self._ask(self._call(Verb.CONFIRM, held.reference if held else ""))
        if not isinstance(booked, Booked):
            raise _SkipError(f"no booking to try it on: {booked}")
        call = self._call(Verb.COMPLETE, booked.reference)
        first = self._expect(call, Released)
        if isinstance(first, Released) and first.fee_minor:
            raise _BrokenError(f"took {first.fee_minor} for a booking that was used")
        self._same(call, first)


def _said(answer: Answer) -> dict[str, object]:
    """The answer without its proof, which is kept beside it."""
    return {name: value for name, value in answer_data(answer).items() if name != "proof"}


def check_adapter(
    adapter: Adapter, request: SlotRequest, now: datetime, key: Callable[[], str]
) -> list[RuleOutcome]:
    """Every rule's finding; an adapter may be used when none is False."""
    return list(AdapterContract(adapter, request, now, key).findings())
