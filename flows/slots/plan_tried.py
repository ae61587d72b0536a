"""The plan that is being reserved: what firms say to it, whether it still passes, which plan follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.money import format_minor
from domain.plain import from_plain, to_plain
from domain.plan import Plan
from domain.record_kinds import RecordKind
from flows.calls.asking import Reply, Unreachable, missing
from flows.plans.needs import Need, needs_of
from flows.slots.kept import Kept, KeptSlots
from flows.slots.outcomes import FirmRefusal, Job, Waits, read_refusal, refusal_data
from flows.slots.reservation import Reservation


@dataclass
class PlanTried:
    """``refusals`` of every plan so far; ``waits`` are the answers missing to the plan in hand; ``changes``
    counts the plans gone on with since the job's own; ``repriced`` when the plan in hand was just changed."""

    reservation: Reservation
    job: Job
    plan: Plan = field(init=False)
    refusals: list[FirmRefusal] = field(default_factory=list)
    waits: list[Reply] = field(default_factory=list)
    changes: int = 0
    repriced: bool = False
    _notes: list[str] = field(default_factory=list)
    _before: int = 0
    """How many of the refusals were made to earlier plans."""

    def __post_init__(self) -> None:
        self.plan = self.job.plan

    @property
    def refused(self) -> bool:
        """Whether a firm has declined something of the plan in hand."""
        return len(self.refusals) > self._before

    @property
    def stopped(self) -> bool:
        return self.refused or self.repriced or bool(self.waits)

    @property
    def notes(self) -> list[str]:
        return list(dict.fromkeys(self._notes))

    def note(self, text: str) -> None:
        self._notes.append(text)

    def needs(self) -> Sequence[Need]:
        if self.plan is self.job.plan and self.job.needs:
            return self.job.needs
        return needs_of(self.plan, self.reservation.firms.network)

    def refuse(self, need: Need, code: str, reason: str) -> None:
        resources = tuple((line.resource, line.period) for line in need.request.lines)
        self.refusals.append(FirmRefusal(need.firm, need.leg, code, reason, resources))

    def begin(self) -> None:
        """Try the plan in hand, from the start."""
        self.waits, self.repriced = [], False

    def waiting(self) -> Waits:
        people = not any(isinstance(reply, Unreachable) for reply in self.waits)
        return Waits(self.job.order, tuple(missing(reply) for reply in self.waits), people)

    # one plan after another ---------------------------------------------------------------------

    def read(self) -> None:
        """The plan that an interrupted run of this reservation had come to, and what it was refused."""
        reservation = self.reservation
        while (
            record := reservation.transaction.record_by_key(reservation.name.plan(self.changes))
        ) is not None:
            self.changes += 1
            if record.body["plans"] != self._plans_made():
                continue  # the order was planned anew since: that plan counts
            self.plan = from_plain(Plan, record.body["plan"])
            self.refusals = [read_refusal(row) for row in record.body["refusals"]]
            self._before = len(self.refusals)
            self.note(record.body["why"])

    def follow(self, held: Sequence[str]) -> bool:
        """Go on with the next best plan that keeps the legs held; False when there is none."""
        following = self.job.next_plan(self.plan, tuple(self.refusals), held)
        if following is None:
            return False
        self.change(following, self._declined_text())
        return True

    def change(self, plan: Plan, why: str) -> None:
        """Go on with another plan: recorded before anything is asked for it, so that a run that takes over
        goes on with it too."""
        code = plan.currency
        old, new = (format_minor(one.profit_minor, code, grouped=True) for one in (self.plan, plan))
        why = f"{why}; the profit is now {new} {code}, it was {old}"
        body = {
            "why": why,
            "refusals": [refusal_data(refusal) for refusal in self.refusals],
            "profit_minor": {"before": str(self.plan.profit_minor), "after": str(plan.profit_minor)},
            "plans": self._plans_made(),
            "plan": to_plain(plan),
        }
        self.reservation.record(RecordKind.SLOTS_REPLANNED, self.reservation.name.plan(self.changes), body)
        self.changes += 1
        self._before = len(self.refusals)
        self.plan = plan
        self.note(why)

    def _plans_made(self) -> int:
        records = self.reservation.transaction.records(order=self.job.order, kind=RecordKind.PLAN)
        return sum(1 for _ in records)

    def _declined_text(self) -> str:
        new = self.refusals[self._before :]
        reasons = "; ".join(dict.fromkeys(f"{refusal.firm}: {refusal.reason}" for refusal in new))
        return f"planned anew, because of {reasons}"


def retest(tried: PlanTried, slots: KeptSlots) -> None:
    """Refuse or change the plan in hand where the prices answered call for it."""
    if tried.stopped:
        return
    more = {
        leg: kept.price_minor - kept.need.request.price_minor
        for leg, kept in slots.by_leg.items()
        if kept.price_minor != kept.need.request.price_minor
    }
    if not more:
        return
    found = tried.job.retest(tried.plan, {leg: slots.by_leg[leg].price_minor for leg in more})
    if isinstance(found, Plan):
        _take_prices(tried, slots, found, more)
    elif found is not None:
        tried.refuse(slots.by_leg[max(more, key=lambda leg: more[leg])].need, "price", found)


def _take_prices(tried: PlanTried, slots: KeptSlots, plan: Plan, more: Mapping[str, int]) -> None:
    """Go on with the plan at the prices answered, unless it counts on less than they are."""
    network = slots.reservation.firms.network
    planned = {need.leg: need.request.price_minor for need in needs_of(plan, network)}
    for leg in more:
        if planned.get(leg, -1) < slots.by_leg[leg].price_minor:
            tried.refuse(slots.by_leg[leg].need, "price", "asks another price each time")
            return
    tried.repriced = any(planned[leg] != slots.by_leg[leg].need.request.price_minor for leg in more)
    if tried.repriced:
        told = ", ".join(_price_text(slots.by_leg[leg], minor) for leg, minor in more.items())
        tried.change(plan, f"tested again on the answers, and it passes: {told}")


def _price_text(kept: Kept, more_minor: int) -> str:
    currency = kept.need.request.currency
    asked, by = (format_minor(minor, currency, grouped=True) for minor in (kept.price_minor, abs(more_minor)))
    way = "more" if more_minor > 0 else "less"
    return f"{kept.need.firm} asks {asked} {currency}, {by} {way} than planned"
