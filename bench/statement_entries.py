"""Labelled entries of bank statements, made without anything of the program: what each pays, or nothing.

``Made(seed, count)`` gives open items and entries of every kind that this file names, as banks write them;
``camt`` and ``table`` write them as ISO 20022 and as CSV.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

FIRST = [
    "Meridian",
    "Harbour",
    "Quayside",
    "Lantern",
    "Aurora",
    "Nordic",
    "Zephyr",
    "Juniper",
    "Cobalt",
    "Saffron",
    "Willow",
    "Granite",
    "Falcon",
    "Orchid",
    "Maple",
    "Copper",
    "Amber",
    "Indigo",
    "Velvet",
    "Timber",
    "Canyon",
    "Prairie",
    "Summit",
    "Coral",
    "Basalt",
    "Cedar",
    "Heron",
    "Linden",
    "Opal",
    "Raven",
]
SECOND = [
    "Stores",
    "Homes",
    "Trading",
    "Retail",
    "Living",
    "Furniture",
    "Lighting",
    "Interiors",
    "Outfitters",
    "Wholesale",
]
FORMS = ("Ltd", "GmbH", "S.A.", "Co., Ltd.", "AB", "LLC")
PROVIDERS = ["Warehouse", "Carrier", "Works", "Freight", "Packing"]


@dataclass
class Item:
    """Money expected of a buyer (positive) or owed to a provider (negative), in cents."""

    order: str
    party: str
    account: str
    amount: int
    names: tuple[str, ...]


@dataclass
class Entry:
    """An entry as a bank has it; ``pays`` is the truth: an amount for each order, or nothing."""

    kind: str
    amount: int
    pays: dict[str, int] = field(default_factory=dict)
    party: str = ""
    account: str = ""
    texts: tuple[str, ...] = ()
    reference: str = ""
    cheque: str = ""
    code: str = ""
    status: str = "BOOK"
    reversal: bool = False
    returned: bool = False
    charges: int = 0
    stated: tuple[tuple[str, int], ...] = ()
    parts: "tuple[Entry, ...]" = ()


class Made:
    """``count`` entries; each has orders of its own, so that no entry changes what another means."""

    def __init__(self, seed: int, count: int) -> None:
        self.chance = random.Random(seed)
        self.items: list[Item] = []
        self.entries: list[Entry] = []
        self.firm = 0
        kinds = [*self.certain(), *self.uncertain()]
        for number in range(count):
            self.entries.append(kinds[number % len(kinds)]())
        self.chance.shuffle(self.entries)

    def buyer(self) -> tuple[str, str]:
        """A name that no other buyer has, and its account."""
        self.firm += 1
        first, second = self.chance.choice(FIRST), self.chance.choice(SECOND)
        return f"{first}{self.letters()} {second}", f"FR76{self.firm:08d}"

    def letters(self) -> str:
        """A tail that makes the first word of a firm its own."""
        number, tail = self.firm, ""
        while number:
            number, rest = divmod(number, 26)
            tail += chr(97 + rest)
        return tail

    def order(self, buyer: tuple[str, str] = ("", ""), *, plain: bool = False, year: bool = False) -> Item:
        name, account = buyer if buyer[0] else self.buyer()
        place = len(self.items) + 1
        reference = f"PO-2026-{place:05d}"
        if plain:
            reference = str(100_000 + place)
        if year:
            reference = str(1900 + place % 200) if not self.taken(str(1900 + place % 200)) else reference
        amount = 10_000 + place * 700 + self.chance.randrange(699)
        item = Item(reference, name, account, amount, (reference, f"INV-{reference}"))
        self.items.append(item)
        return item

    def taken(self, reference: str) -> bool:
        return any(item.order == reference for item in self.items[-500:])

    def owed(self) -> tuple[Item, Item]:
        """An order and what is owed for it to a provider."""
        order = self.order()
        provider = f"{self.chance.choice(FIRST)}{self.letters()} {self.chance.choice(PROVIDERS)}"
        item = Item(order.order, provider, "", -(order.amount // 3), order.names)
        self.items.append(item)
        return order, item

    def written(self, name: str) -> str:
        """The name as some bank writes it."""
        change: Callable[[str], str] = self.chance.choice((str, str.upper, str.lower, str.title))
        form = self.chance.choice(("", f" {self.chance.choice(FORMS)}"))
        return change(name) + form

    def number(self, item: Item) -> str:
        """The order's or the invoice's number as payers write it."""
        name = self.chance.choice(item.names)
        return self.chance.choice((name, name.lower(), name.replace("-", " "), name.replace("-", "")))

    def text(self, item: Item) -> str:
        number = self.number(item)
        return self.chance.choice(
            (
                f"payment of {number} thanks",
                f"RE: {number}.",
                f"EREF+X SVWZ+{number} goods",
                f"/INV/{number}/",
            )
        )

    # one right reading -------------------------------------------------------------------------

    def certain(self) -> Iterator[Callable[[], Entry]]:
        yield self.whole_reference
        yield self.whole_reference_without_name
        yield self.part_with_whole_reference
        yield self.text_and_amount
        yield self.text_and_party
        yield self.text_in_lines
        yield self.party_and_amount
        yield self.account_and_amount
        yield self.sum_of_named
        yield self.sum_of_party
        yield self.stated_amounts
        yield self.batch
        yield self.payee
        yield self.part_to_payee
        yield self.less_charges
        yield self.plain_number_and_party
        yield self.over_payment

    def whole_reference(self) -> Entry:
        item = self.order()
        return self.paid("whole reference", item, reference=self.chance.choice(item.names))

    def whole_reference_without_name(self) -> Entry:
        item = self.order()
        amount = self.chance.choice((item.amount, item.amount // 2))
        return Entry(
            "whole reference, no name", amount, {item.order: amount}, reference=self.chance.choice(item.names)
        )

    def part_with_whole_reference(self) -> Entry:
        item = self.order()
        return self.paid("whole reference, part", item, item.amount // 3, texts=(item.order,))

    def text_and_amount(self) -> Entry:
        item = self.order()
        return Entry(
            "text and amount",
            item.amount,
            {item.order: item.amount},
            "Group Treasury XY",
            texts=(self.text(item),),
        )

    def text_and_party(self) -> Entry:
        item = self.order()
        return self.paid("text and party", item, item.amount // 2, texts=(self.text(item),))

    def text_in_lines(self) -> Entry:
        item = self.order()
        name, cut = item.names[1], self.chance.randrange(6, 14)
        return self.paid("text in lines", item, texts=(f"for {name[:cut]}", f"{name[cut:]} thank you"))

    def party_and_amount(self) -> Entry:
        return self.paid("party and amount", self.order(), texts=("goods",))

    def account_and_amount(self) -> Entry:
        item = self.order()
        return Entry(
            "account and amount",
            item.amount,
            {item.order: item.amount},
            "Clearing 7",
            item.account,
            ("goods",),
        )

    def two(self) -> tuple[Item, Item]:
        buyer = self.buyer()
        return self.order(buyer), self.order(buyer)

    def sum_of_named(self) -> Entry:
        one, other = self.two()
        pays = {one.order: one.amount, other.order: other.amount}
        text = f"{self.number(one)} + {self.number(other)}"
        return Entry("sum of named", sum(pays.values()), pays, self.written(one.party), texts=(text,))

    def sum_of_party(self) -> Entry:
        one, other = self.two()
        pays = {one.order: one.amount, other.order: other.amount}
        return Entry("sum of a party's", sum(pays.values()), pays, self.written(one.party), texts=("goods",))

    def stated_amounts(self) -> Entry:
        one, other = self.two()
        pays = {one.order: one.amount, other.order: other.amount - 500}
        stated = tuple((f"INV-{order}", amount) for order, amount in pays.items())
        return Entry("stated amounts", sum(pays.values()), pays, self.written(one.party), stated=stated)

    def batch(self) -> Entry:
        parts = tuple(self.paid("batch", self.order(), texts=("goods",)) for _ in range(3))
        pays = {order: amount for part in parts for order, amount in part.pays.items()}
        return Entry("batch", sum(pays.values()), pays, parts=parts)

    def payee(self) -> Entry:
        _order, item = self.owed()
        return self.paid("payee", item, texts=(f"bill {item.order}",))

    def part_to_payee(self) -> Entry:
        _order, item = self.owed()
        return self.paid("payee, part", item, item.amount // 2, texts=(f"bill {item.order}",))

    def less_charges(self) -> Entry:
        item = self.order()
        return self.paid("less charges", item, item.amount - 26, texts=(self.text(item),), charges=26)

    def plain_number_and_party(self) -> Entry:
        item = self.order(plain=True)
        return self.paid("plain number and party", item, item.amount // 2, texts=(f"order #{item.order}",))

    def over_payment(self) -> Entry:
        item = self.order()
        return self.paid("over-payment", item, item.amount + 900, texts=(self.text(item),))

    def paid(self, kind: str, item: Item, amount: int | None = None, **more: object) -> Entry:
        paid = item.amount if amount is None else amount
        return Entry(kind, paid, {item.order: paid}, self.written(item.party), **more)  # type: ignore[arg-type]

    # nothing certain ---------------------------------------------------------------------------

    def uncertain(self) -> Iterator[Callable[[], Entry]]:
        yield self.charge
        yield self.charge_without_code
        yield self.refund_to_buyer
        yield self.courier
        yield self.interest
        yield self.year_in_text
        yield self.date_in_text
        yield self.number_in_longer
        yield self.policy
        yield self.one_word
        yield self.amount_only
        yield self.other_order
        yield self.other_buyer
        yield self.stranger
        yield self.refund_of_carrier
        yield self.reversed
        yield self.returned
        yield self.pending
        yield self.own_status
        yield self.sum_less_fee
        yield self.twins
        yield self.cheque_number
        yield self.glued
        yield self.debit_without_name

    def charge(self) -> Entry:
        _order, item = self.owed()
        return Entry("charge", -3_500, texts=(f"Charges {item.names[1]}",), code="CHRG")

    def charge_without_code(self) -> Entry:
        _order, item = self.owed()
        return Entry("charge, no code", -3_500, texts=(f"Charges for payment {item.names[1]}",))

    def refund_to_buyer(self) -> Entry:
        order, _item = self.owed()
        return Entry("refund to buyer", -50_000, party=self.written(order.party), texts=(self.text(order),))

    def courier(self) -> Entry:
        order, _item = self.owed()
        return Entry("stranger paid", -12_000, party="DHL Express", texts=(f"courier {order.order}",))

    def debit_without_name(self) -> Entry:
        _order, item = self.owed()
        return Entry("debit, no name", item.amount, texts=(item.order,))

    def interest(self) -> Entry:
        item = self.order()
        return Entry("interest", 35, texts=(f"interest {item.order}",), code="INTR")

    def year_in_text(self) -> Entry:
        item = self.order(year=True)
        amount = self.chance.choice((item.amount, 35))
        return Entry("year in a text", amount, party="Tax Office", texts=(f"refund for {item.order}",))

    def date_in_text(self) -> Entry:
        item = self.order(plain=True)
        return Entry("number in a date", 5_510, party="Some Hotel", texts=(f"stay 20.06.{item.order} room",))

    def number_in_longer(self) -> Entry:
        item = self.order(plain=True)
        text = self.chance.choice(
            (f"2025-{item.order}-B", f"{item.order}-B", f"{item.order}/77", f"A-{item.order}")
        )
        return Entry(
            "in a longer number", self.chance.choice((500, 8_800)), party="Third Party", texts=(text,)
        )

    def policy(self) -> Entry:
        item = self.order()
        return Entry("longer number", 8_800, party="Insurance Co", texts=(f"policy {item.order}-0001",))

    def one_word(self) -> Entry:
        item = self.order()
        return Entry("one generic word", item.amount, party=f"{item.party.split()[-1]} & Co", texts=("rent",))

    def amount_only(self) -> Entry:
        return Entry("amount only", self.order().amount, party="Nobody Known", texts=("thanks",))

    def other_order(self) -> Entry:
        item = self.order()
        return Entry(
            "order not open", item.amount, party=self.written(item.party), texts=("INV-PO-2020-00001",)
        )

    def other_buyer(self) -> Entry:
        item, other = self.order(), self.order()
        return Entry("known as another", item.amount, party=other.party, reference=item.order)

    def stranger(self) -> Entry:
        item = self.order()
        return Entry("text of a stranger", 12_345, party="Power Utility", texts=(self.text(item),))

    def refund_of_carrier(self) -> Entry:
        item = self.order()
        return Entry("refund of a carrier", 777, party="DHL Express", reference=item.order)

    def reversed(self) -> Entry:
        item = self.order()
        return Entry("reversal", item.amount, party=item.party, reference=item.order, reversal=True)

    def returned(self) -> Entry:
        item = self.order()
        return Entry("return", item.amount, party=item.party, reference=item.order, returned=True)

    def pending(self) -> Entry:
        item = self.order()
        return Entry("pending", item.amount, party=item.party, reference=item.order, status="PDNG")

    def own_status(self) -> Entry:
        item = self.order()
        return Entry("status of its own", item.amount, party=item.party, reference=item.order, status="*HELD")

    def sum_less_fee(self) -> Entry:
        one, other = self.two()
        text = f"{one.names[1]} {other.names[1]}"
        return Entry("sum less a fee", one.amount + other.amount - 1_500, party=one.party, texts=(text,))

    def twins(self) -> Entry:
        one, other = self.two()
        other.amount = one.amount
        return Entry("two alike", one.amount, party=one.party, texts=("goods",))

    def cheque_number(self) -> Entry:
        item = self.order(plain=True)
        return Entry("cheque number", 4_200, texts=("cash",), cheque=item.order)

    def glued(self) -> Entry:
        item = self.order()
        return Entry("glued", item.amount, party="Payer", texts=(f"X{item.names[1]}DATUM 22.06.2026",))


def money(cents: int) -> str:
    return f"{abs(cents) // 100}.{abs(cents) % 100:02d}"


def camt(entries: list[Entry], kind: str = "053", version: str = "08") -> str:
    """The entries as an account report, statement or notification; entry n has the reference Rn."""
    outer, inner = {
        "053": ("BkToCstmrStmt", "Stmt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[kind]  # fmt: skip
    body = "".join(_entry(entry, number) for number, entry in enumerate(entries))
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"><{outer}><{inner}>'
        "<Id>S</Id>"
        f"<Acct><Id><IBAN>DE1</IBAN></Id><Ccy>EUR</Ccy></Acct>{body}</{inner}></{outer}></Document>"
    )


def _entry(entry: Entry, number: int) -> str:
    status = f"<Prtry>{entry.status[1:]}</Prtry>" if entry.status[0] == "*" else f"<Cd>{entry.status}</Cd>"
    direction = "CRDT" if entry.amount > 0 else "DBIT"
    code = f"<Fmly><Cd>MDOP</Cd><SubFmlyCd>{entry.code}</SubFmlyCd></Fmly>" if entry.code else ""
    code = f"<BkTxCd><Domn><Cd>ACMT</Cd>{code}</Domn></BkTxCd>" if code else ""
    details = "".join(_details(part) for part in (entry.parts or (entry,)))
    return (
        f'<Ntry><Amt Ccy="EUR">{money(entry.amount)}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'
        f"{'<RvslInd>true</RvslInd>' if entry.reversal else ''}<Sts>{status}</Sts>"
        f"<BookgDt><Dt>2026-06-22</Dt></BookgDt><AcctSvcrRef>R{number}</AcctSvcrRef>{code}"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def _details(entry: Entry) -> str:
    role = "Dbtr" if entry.amount > 0 else "Cdtr"
    name = f"<{role}><Pty><Nm>{escape(entry.party)}</Nm></Pty></{role}>" if entry.party else ""
    account = f"<{role}Acct><Id><IBAN>{entry.account}</IBAN></Id></{role}Acct>" if entry.account else ""
    texts = "".join(f"<Ustrd>{escape(text)}</Ustrd>" for text in entry.texts)
    stated = "".join(
        f"<Strd><RfrdDocInf><Nb>{number}</Nb></RfrdDocInf><RfrdDocAmt>"
        f'<RmtdAmt Ccy="EUR">{money(amount)}</RmtdAmt></RfrdDocAmt></Strd>'
        for number, amount in entry.stated
    )
    charges = (
        f'<Chrgs><Rcrd><Amt Ccy="EUR">{money(entry.charges)}</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>'
    )
    cheque = f"<ChqNb>{entry.cheque}</ChqNb>" if entry.cheque else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{entry.reference or 'NOTPROVIDED'}</EndToEndId>{cheque}</Refs>"
        f'<Amt Ccy="EUR">{money(entry.amount)}</Amt>{charges if entry.charges else ""}'
        f"<RltdPties>{name}{account}</RltdPties><RmtInf>{texts}{stated}</RmtInf>"
        f"{'<RtrInf/>' if entry.returned else ''}</TxDtls>"
    )


TABLE_MAP = """
schema = "net/statement-map/1"
[entry]
reference = "Ref"
booked_on = "Day"
amount = { column = "Amount", kind = "number" }
currency = { value = "EUR" }
account = { value = "DE1" }
party = "Name"
party_account = "Account"
payment_reference = "E2E"
text = "Text"
"""


def fits_table(entry: Entry) -> bool:
    """Whether a plain table can say all that makes the entry what it is."""
    told = entry.code or entry.reversal or entry.returned or entry.charges or entry.cheque
    return not (told or entry.stated or entry.parts or entry.status != "BOOK")


def table(entries: list[Entry]) -> str:
    rows = ["Ref,Day,Amount,Name,Account,E2E,Text"]
    for number, entry in enumerate(entries):
        sign = "-" if entry.amount < 0 else ""
        text = " ".join(entry.texts)
        rows.append(
            f'R{number},2026-06-22,{sign}{money(entry.amount)},"{entry.party}",{entry.account},'
            f'{entry.reference},"{text}"'
        )
    return "\n".join(rows) + "\n"
