"""Problems published as bare numbers: generalised assignment and capacitated location (OR-Library)."""

from collections.abc import Iterator
from decimal import Decimal

from documents.files.findings import refuse
from documents.files.opening import decode, read_document
from documents.tables.routing_case import RoutingCase, TableChoice, TableOrder, TableProvider
from documents.tables.table_map import RoutingMap


def read_numbers(found: RoutingMap) -> RoutingCase:
    """The problem that the map names; a defect when the numbers end early or are none."""
    numbers = _Numbers(found)
    return numbers.assignment() if found.layout == "assignment" else numbers.location()


class _Numbers:
    """The numbers of a file one after the other, wherever the lines break."""

    def __init__(self, found: RoutingMap) -> None:
        self.map = found
        self.file = str(found.numbers)
        self.stream = self._words(decode(read_document(found.numbers), self.file))
        self.line = 1

    def _words(self, text: str) -> Iterator[str]:
        for line, words in enumerate(text.splitlines(), start=1):
            self.line = line
            yield from words.split()

    def number(self) -> Decimal:
        """The next number; the word ``capacity`` stands for the one that the map gives."""
        word = next(self.stream, None)
        if word is None:
            raise refuse(self.file, self.line, "file", "ends too early", "check the layout and the problem")
        if word == "capacity" and self.map.capacity is not None:
            return self.map.capacity
        try:
            value = Decimal(word)
        except ArithmeticError:
            hint = "give it in the map as capacity = ..." if word == "capacity" else "check the layout"
            raise refuse(self.file, self.line, "file", f"{word[:40]!r} is not a number", hint) from None
        return value

    def count(self) -> int:
        value = self.number()
        if value != int(value) or not 0 < value < 10**7:
            raise refuse(self.file, self.line, "file", f"{value} is not a count", "check the layout")
        return int(value)

    def row(self, length: int) -> list[Decimal]:
        return [self.number() for _ in range(length)]

    def case(self, orders: list[TableOrder], providers: list[TableProvider], *, split: bool) -> RoutingCase:
        found = self.map
        return RoutingCase(
            found.name, found.objective, orders, providers, split, 1, None, all_served=found.all_served
        )

    def assignment(self) -> RoutingCase:
        """Count of problems, then for each: providers, orders, values, amounts and capacities."""
        problems = self.count()
        if self.map.problem > problems:
            raise refuse(self.file, 1, "problem", f"has only {problems} problems", "name one of them")
        for _ in range(self.map.problem):
            providers, orders = self.count(), self.count()
            values = [self.row(orders) for _ in range(providers)]
            amounts = [self.row(orders) for _ in range(providers)]
            capacities = self.row(providers)
        names = _names("agent", providers)
        jobs = [
            TableOrder(
                name,
                [
                    TableChoice(names[place], values[place][job], amounts[place][job], {})
                    for place in range(providers)
                ],
                Decimal(1),
                {},
            )
            for job, name in enumerate(_names("job", orders))
        ]
        found = [TableProvider(*pair) for pair in zip(names, capacities, strict=True)]
        return self.case(jobs, found, split=False)

    def location(self) -> RoutingCase:
        """Sites, customers; capacity and fixed cost per site; demand and costs of all of it per customer."""
        sites, customers = self.count(), self.count()
        names = _names("site", sites)
        found = [TableProvider(name, self.number(), self.number()) for name in names]
        orders = []
        for name in _names("customer", customers):
            demand = self.number()
            costs = self.row(sites)
            choices = [TableChoice(*item, demand, {}) for item in zip(names, costs, strict=True)]
            orders.append(TableOrder(name, choices, demand, {}))
        return RoutingCase(
            self.map.name, self.map.objective, orders, found, True, 1, None, self.map.all_served
        )


def _names(kind: str, count: int) -> list[str]:
    width = len(str(count))
    return [f"{kind} {number:0{width}d}" for number in range(1, count + 1)]
