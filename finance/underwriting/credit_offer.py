"""A lender's answer to one order, from rules as data: hard stops, score, grade, loss, price floor, limits.

Nothing here knows a lender: every number comes from its rules. A refusal says why, and what would change
it. EL = PD_T x LGD x EAD with PD_T = 1 - (1 - PD)^(T/365); floor = A x (cost of funds + margin) x T/360 +
EL + operating cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from domain.money import format_minor, round_minor
from finance.sides.loss import expected_loss_minor

DAYS_IN_YEAR = 360
COVER_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Grade:
    """From this score on (of 100), this yearly probability of default."""

    name: str
    score: int
    pd_annual: Fraction


@dataclass(frozen=True, slots=True)
class Rules:
    """One lender's rules. Limits are shares of ``pool_minor`` by what they concentrate on."""

    pool_minor: int = 0
    weights: Mapping[str, int] = field(default_factory=dict)
    grades: tuple[Grade, ...] = ()
    score_minimum: int = 0
    pd_multiplier: Fraction = Fraction(1)
    lgd: Fraction = Fraction(0)
    lgd_insured: Fraction = Fraction(0)
    cost_of_funds: Fraction = Fraction(0)
    margin: Fraction = Fraction(0)
    operating_cost_minor: int = 0
    cover_minimum: Fraction = Fraction(1)
    order_margin_minimum: Fraction = Fraction(0)
    headroom_minimum_days: int = 0
    novelty_maximum: int = 4
    deposit_maximum: Fraction = Fraction(1)
    limits: Mapping[str, Fraction] = field(default_factory=dict)
    hard_stops: tuple[str, ...] = ()
    forecast_maximum: Mapping[str, Fraction] = field(default_factory=dict)
    late_days_at: Fraction | None = None


DEFAULT_GRADES = (
    Grade("A", 80, Fraction("0.005")),
    Grade("B", 65, Fraction("0.015")),
    Grade("C", 50, Fraction("0.04")),
    Grade("D", 35, Fraction("0.10")),
    Grade("E", 0, Fraction("0.25")),
)
DEFAULTS: dict[str, Any] = {
    "weights": {"buyer": 40, "order": 20, "providers": 20, "controls": 12, "trader": 8},
    "score_minimum": 50,
    "lgd": "45%",
    "cost_of_funds": "3%",
    "margin": "2%",
    "limits": {"buyer": "10%", "group": "15%", "provider": "20%", "trader": "5%", "pool": "100%"},
    "hard_stops": ["buyer_unconfirmed", "financed_elsewhere", "related_buyer", "cover", "plan"],
}


def rate_of(value: Any) -> Fraction:
    """``"1.5%"`` or ``"0.015"`` as an exact fraction."""
    text = str(value).strip()
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


def rules_of(data: Mapping[str, Any], pool_minor: int | None) -> Rules:
    """The rules in a lender's ``underwriting`` table; what it leaves out takes the defaults.

    Without rules at all (an empty table), nothing is stopped but by its limit.
    """
    if not data:
        return Rules(pool_minor=pool_minor or 0, grades=DEFAULT_GRADES)
    merged = {**DEFAULTS, **data}

    def rate(name: str, usual: str = "0") -> Fraction:
        return rate_of(merged.get(name, usual))

    grades = tuple(
        Grade(str(one["grade"]), int(one["score"]), rate_of(one["pd"])) for one in merged.get("grades", [])
    )
    return Rules(
        pool_minor=pool_minor or 0,
        weights={str(name): int(weight) for name, weight in merged["weights"].items()},
        grades=tuple(sorted(grades or DEFAULT_GRADES, key=lambda grade: -grade.score)),
        score_minimum=int(merged["score_minimum"]),
        pd_multiplier=Fraction(str(merged.get("pd_multiplier", 1))),
        lgd=rate("lgd"),
        lgd_insured=rate("lgd_insured", str(merged["lgd"])),
        cost_of_funds=rate("cost_of_funds"),
        margin=rate("margin"),
        operating_cost_minor=int(merged.get("operating_cost_minor", 0)),
        cover_minimum=Fraction(str(merged.get("cover_minimum", 1))),
        order_margin_minimum=rate("order_margin_minimum"),
        headroom_minimum_days=int(merged.get("headroom_minimum_days", 0)),
        novelty_maximum=int(merged.get("novelty_maximum", 4)),
        deposit_maximum=rate("deposit_maximum", "100%"),
        limits={str(name): rate_of(part) for name, part in merged["limits"].items()},
        hard_stops=tuple(str(name) for name in merged["hard_stops"]),
        forecast_maximum={
            str(name): rate_of(part) for name, part in merged.get("forecast_maximum", {}).items()
        },
        late_days_at=rate("late_days_at") if "late_days_at" in merged else None,
    )


@dataclass(frozen=True, slots=True)
class Request:
    """What a lender is asked for: so much for so many days at such a price, and what is known of the deal.

    ``forecasts`` are chances by name, and ``late_days`` how much later than agreed the money is expected, as
    far as a model was learned: the price must bear these days too. ``marks`` are the parts of the score, each
    between 0 and 1; ``stops`` what is wrong outright;
    ``exposures`` what the lender has out already, by (kind, name); ``concentrations`` which names this
    order adds to.
    """

    order: str
    currency: str
    amount_minor: int
    days: int
    charged_minor: int
    marks: Mapping[str, Fraction]
    stops: Mapping[str, str] = field(default_factory=dict)
    cover: Fraction | None = None
    order_margin: Fraction = Fraction(0)
    headroom_days: int | None = None
    novelty: int = 0
    unguaranteed_deposit: Fraction = Fraction(0)
    insured: bool = False
    concentrations: tuple[tuple[str, str], ...] = ()
    exposures: Mapping[tuple[str, str], int] = field(default_factory=dict)
    forecasts: Mapping[str, Fraction] = field(default_factory=dict)
    late_days: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the answer is no, and what would change it."""

    code: str
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CreditOffer:
    """The lender's answer with its arithmetic; it stands when there is no ``reasons``."""

    lender: str
    order: str
    amount_minor: int
    score: int
    grade: str
    pd_annual: Fraction
    lgd: Fraction
    expected_loss_minor: int
    floor_minor: int
    floor_rate: Fraction
    charged_minor: int
    surplus_minor: int
    reasons: tuple[Reason, ...]

    @property
    def approved(self) -> bool:
        return not self.reasons


STOP_REMEDIES = {
    "buyer_unconfirmed": "the buyer signs the order with a key of its own: net finance confirm",
    "financed_elsewhere": "show that the other finance is released",
    "related_buyer": "no order of a related buyer is financed; take another buyer's",
    "plan": "plan again until it passes without own cash: net plan",
}


def underwrite(lender: str, rules: Rules, request: Request) -> CreditOffer:
    """The lender's offer, or its refusal with every reason at once."""
    score = score_of(rules, request.marks)
    grade = grade_of(rules, score)
    default_rate = min(grade.pd_annual * rules.pd_multiplier, Fraction(1))
    lgd = rules.lgd_insured if request.insured else rules.lgd
    days = request.days + max(request.late_days, 0)
    loss = expected_loss_minor(request.amount_minor, default_rate, lgd, days)
    least = floor_minor(rules, request.amount_minor, days, loss)
    return CreditOffer(
        lender,
        request.order,
        request.amount_minor,
        score,
        grade.name,
        default_rate,
        lgd,
        loss,
        least,
        yearly(least, request.amount_minor, request.days),
        request.charged_minor,
        request.charged_minor - least,
        (
            *_stops(rules, request),
            *_structure(rules, request),
            *_foreseen(rules, request),
            *_price(rules, request, score, least),
            *_limits(rules, request),
        ),
    )


def score_of(rules: Rules, marks: Mapping[str, Fraction]) -> int:
    """The weighted marks, of 100; a part without a mark counts nothing."""
    whole = sum(rules.weights.values())
    if not whole:
        return 100
    zero, one = Fraction(0), Fraction(1)
    got = sum(weight * max(min(marks.get(part, zero), one), zero) for part, weight in rules.weights.items())
    return round_minor(Fraction(got) * 100 / whole)


def grade_of(rules: Rules, score: int) -> Grade:
    """The best grade whose score is reached; the worst when none is."""
    grades = rules.grades or DEFAULT_GRADES
    return next((grade for grade in grades if score >= grade.score), grades[-1])


def floor_minor(rules: Rules, amount: int, days: int, expected_loss: int) -> int:
    """The least that the money must earn: funds and margin for the days, expected loss, operating cost."""
    funds = (rules.cost_of_funds + rules.margin) * amount * days / DAYS_IN_YEAR
    return round_minor(funds + expected_loss + rules.operating_cost_minor)


def yearly(cost: int, amount: int, days: int) -> Fraction:
    return Fraction(cost * DAYS_IN_YEAR, amount * days) if amount and days else Fraction(0)


def _stops(rules: Rules, request: Request) -> Sequence[Reason]:
    return [
        Reason(code, text, STOP_REMEDIES.get(code, "remove the cause"))
        for code, text in request.stops.items()
        if code in rules.hard_stops
    ]


def _structure(rules: Rules, request: Request) -> Sequence[Reason]:
    found = []
    if request.cover is not None and "cover" in rules.hard_stops and request.cover < rules.cover_minimum:
        found.append(
            Reason(
                "cover",
                f"the take-out covers {_short_of(request.cover, COVER_DIGITS)} of what it repays;"
                f" at least {_beyond(rules.cover_minimum, COVER_DIGITS)} is asked",
                "a higher advance rate of the take-out, or a smaller loan before it",
            )
        )
    if request.order_margin < rules.order_margin_minimum:
        found.append(
            Reason(
                "margin",
                f"the order's margin is {_short_of(request.order_margin * 100)}%;"
                f" at least {_beyond(rules.order_margin_minimum * 100)}% is asked",
                "a higher price or a cheaper chain",
            )
        )
    if request.headroom_days is not None and request.headroom_days < rules.headroom_minimum_days:
        found.append(
            Reason(
                "headroom",
                f"the buyer may pay {request.headroom_days} days late before something breaks;"
                f" at least {rules.headroom_minimum_days} are asked",
                "a standby tranche, or later payment terms of providers",
            )
        )
    if request.novelty > rules.novelty_maximum:
        found.append(
            Reason(
                "novelty",
                f"{request.novelty} things are new at once (item, buyer, supplier, prepayment)",
                f"at most {rules.novelty_maximum}: use a factory or a buyer with a record",
            )
        )
    if request.unguaranteed_deposit > rules.deposit_maximum:
        found.append(
            Reason(
                "deposit",
                f"{_beyond(request.unguaranteed_deposit * 100)}% is prepaid without a guarantee",
                f"at most {_short_of(rules.deposit_maximum * 100)}%, or a deposit guarantee",
            )
        )
    return found


def _foreseen(rules: Rules, request: Request) -> Sequence[Reason]:
    """Each forecast that the lender asks for by name, against the most that it bears; unknown is too much."""
    found = []
    for name, most in rules.forecast_maximum.items():
        chance = request.forecasts.get(name)
        if chance is None:
            text = f"the lender asks for a forecast of {name}, and there is none"
            found.append(Reason(f"forecast_{name}", text, f"net learn {FORECASTS.get(name, name)}"))
        elif chance > most:
            seen, borne = _beyond(chance * 100), _short_of(most * 100)
            text = f"the forecast of {name} is {seen}%; at most {borne}% is borne"
            found.append(Reason(f"forecast_{name}", text, FORECAST_REMEDY))
    return found


FORECASTS = {"late-payment": "late-payment", "own-cash": "late-payment"}
"""Which model a forecast comes from."""
FORECAST_REMEDY = "another buyer, a deposit of the buyer, or a plan that bears more days"


def percent(rate: Fraction) -> str:
    """``"81.57%"``, two decimals."""
    hundredths = round_minor(rate * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def _short_of(number: Fraction, digits: int = 2) -> str:
    """Rounded down: what falls short is never shown as the minimum that it misses."""
    return _places(floor(number * 10**digits), digits)


def _beyond(number: Fraction, digits: int = 2) -> str:
    """Rounded up: doing as told is enough."""
    return _places(ceil(number * 10**digits), digits)


def _places(scaled: int, digits: int) -> str:
    whole, rest = divmod(abs(scaled), 10**digits)
    return f"{'-' if scaled < 0 else ''}{whole}.{rest:0{digits}d}"


def _price(rules: Rules, request: Request, score: int, least: int) -> Sequence[Reason]:
    found = []
    if score < rules.score_minimum:
        found.append(
            Reason(
                "score",
                f"the score is {score}; at least {rules.score_minimum} is asked",
                f"{_lift(rules, request.marks)} would do",
            )
        )
    if request.charged_minor < least and rules.weights:
        short = least - request.charged_minor
        rate = yearly(short, request.amount_minor, request.days)
        found.append(
            Reason(
                "price",
                f"the price earns {format_minor(request.charged_minor, request.currency)}; the floor is"
                f" {format_minor(least, request.currency)}",
                f"{_beyond(rate * 100)}% a year more would do, or a fee of"
                f" {format_minor(short, request.currency)}",
            )
        )
    return found


def _lift(rules: Rules, marks: Mapping[str, Fraction]) -> str:
    """Which marks, raised how far, reach the least score: the part that costs most first."""
    zero, one = Fraction(0), Fraction(1)
    now = {part: max(min(marks.get(part, zero), one), zero) for part in rules.weights}
    whole = sum(rules.weights.values())
    got = sum((weight * now[part] for part, weight in rules.weights.items()), zero)
    missing = (rules.score_minimum - Fraction(1, 2)) * whole / 100 - got  # scores are rounded half up
    steps = []
    for part in sorted(now, key=lambda name: -rules.weights[name] * (1 - now[name])):
        weight = rules.weights[part]
        if missing <= 0 or not weight:
            break
        reached = min(Fraction(ceil((now[part] + missing / weight) * 100), 100), one)
        steps.append(f"{part} at {_beyond(reached)} instead of {_short_of(now[part])}")
        missing -= weight * (reached - now[part])
    return " and ".join(steps)


def _limits(rules: Rules, request: Request) -> Sequence[Reason]:
    """Each limit is a share of the pool; what is out already counts, and this order's part of it once."""
    found: list[Reason] = []
    if not rules.pool_minor:
        return found
    for kind, name in dict.fromkeys((*request.concentrations, ("pool", "pool"))):
        part = rules.limits.get(kind)
        if part is None or not name:
            continue
        limit = round_minor(rules.pool_minor * part)
        out = request.exposures.get((kind, name), 0)
        if out + request.amount_minor > limit:
            free, over = limit - out, out + request.amount_minor - limit
            way_out = (
                f"ask for at most {format_minor(free, request.currency)}, or share it with others"
                if free > 0
                else f"{format_minor(over, request.currency)} of it repaid first, or another lender"
            )
            found.append(
                Reason(
                    f"limit_{kind}",
                    f"{kind} {name} may have {format_minor(limit, request.currency)} out;"
                    f" {format_minor(out, request.currency)} is out already",
                    way_out,
                )
            )
    return found
