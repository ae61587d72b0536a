"""The quick walk over one stretch of records in which nothing is wrong.

A record's canonical text is its writer, the moment and its body, followed by what its columns and postings
say. So the text is put together from those and compared; only the body is parsed. At the first thing that is
not as it should be this walk gives up, and ``verify_records`` walks the stretch again to say what it is. A
sound record may make it give up too (a quotation mark in a name): that costs time and no finding.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from unicodedata import is_normalized

import orjson

from ledger.record.body import FORMAT
from ledger.verify.records import Row, Stretch
from trust.grammar import is_currency_code

PAGE = 1_024
_SORTED = orjson.OPT_SORT_KEYS
_BODY = '","body":'
_UTF16_ORDER_ENDS = "\ud800"
"""Up to here the order of code points is that of UTF-16, by which RFC 8785 sorts keys."""


def plain_stretch(
    ledger_id: str, start: int, end: int, records: Iterable[Row], legs: Iterable[Row]
) -> Stretch | None:
    """As ``check_stretch`` with the same rows; None unless everything is as it should be."""
    stretch, names = Stretch(start, end), _Names()
    rows, posted = iter(records), iter(legs)
    try:
        while page := list(islice(rows, PAGE)):
            its_legs = list(islice(posted, sum(row[6] for row in page)))
            if not _as_posted(ledger_id, page, its_legs, start + stretch.records, names):
                return None
            if not _nodes_fit(page, stretch):
                return None
            stretch.legs += len(its_legs)
    except (ValueError, IndexError, TypeError, AttributeError):
        return None
    if stretch.records != end - start or next(posted, None) is not None:
        return None
    return stretch


class _Names(dict[object, bool]):
    """Whether a name stands in a text as it is: printable, with nothing that JSON would escape."""

    def __missing__(self, name: object) -> bool:
        plain = self[name] = isinstance(name, str) and name != "" and _is_plain(name)
        return plain


class _Currencies(dict[object, bool]):
    """Whether a text has the form of a currency's code."""

    def __missing__(self, name: object) -> bool:
        good = self[name] = is_currency_code(name)
        return good


_CURRENCIES = _Currencies()


def _is_plain(name: str) -> bool:
    return name.isprintable() and '"' not in name and "\\" not in name


def _as_posted(ledger_id: str, page: Sequence[Row], legs: Sequence[Row], before: int, names: _Names) -> bool:
    """Whether each record says what its columns and its ``legs`` say; both in order, from ``before`` on."""
    at = 0
    for sequence, kind, key, on, order, state, count, body, leaf, _, signer in page:
        before += 1
        if count == 2:
            said = _pair(legs[at], legs[at + 1], sequence, order or "", on, names)
        else:
            said = _several(legs[at : at + count], sequence, order or "", on, names)
        at += count
        head = f'{{"actor":"{signer}","at":"'
        told_order = "null" if order is None else f'"{order}"'
        tail = (
            f',"format":{FORMAT},"key":"{key}","kind":"{kind}","ledger":"{ledger_id}","legs":[{said}],'
            f'"on":"{on}","order":{told_order}}}'
        )
        if not (
            sequence == before
            and said is not None
            and sha256(b"\x00" + body.encode()).digest() == leaf
            and body.startswith(head)
            and body.endswith(tail)
            and _is_plain(key)
            and names[kind]
            and names[on]
            and (order is None or names[order])
            and _is_middle(body[len(head) : -len(tail)], state)
            and (body.isascii() or _is_canonical(body))
        ):
            return False
    return at == len(legs)


def _is_middle(middle: str, state: str | None) -> bool:
    """Whether it is the moment and a canonical body that names ``state``."""
    moment, _, body = middle.partition(_BODY)
    raw = body.encode()
    data = orjson.loads(raw)
    said = data.get("state")
    return (
        orjson.dumps(data, option=_SORTED) == raw
        and (said if type(said) is str else None) == state
        and moment.isprintable()
        and '"' not in moment
        and "\\" not in moment
    )


def _is_canonical(body: str) -> bool:
    return is_normalized("NFC", body) and max(body) < _UTF16_ORDER_ENDS


def _pair(one: Row, two: Row, sequence: int, order: str, on: str, names: _Names) -> str | None:
    """Two legs as the text says them; None when they do not balance or belong elsewhere."""
    first, n, entity, account, currency, amount, its_order, its_date = one
    second, m, other, other_account, other_currency, other_amount, other_order, other_date = two
    if not (
        first == second == sequence
        and n == 0
        and m == 1
        and entity == other
        and currency == other_currency
        and amount + other_amount == 0
        and its_order == other_order == order
        and its_date == other_date == on
        and names[entity]
        and names[account]
        and names[other_account]
        and _CURRENCIES[currency]
    ):
        return None
    return (
        f'["{entity}","{account}","{currency}","{amount}"],'
        f'["{entity}","{other_account}","{currency}","{other_amount}"]'
    )


def _several(legs: Sequence[Row], sequence: int, order: str, on: str, names: _Names) -> str | None:
    sums: dict[tuple[str, str], int] = defaultdict(int)
    said = []
    for place, (its_sequence, n, entity, account, currency, amount, its_order, its_date) in enumerate(legs):
        if not (
            its_sequence == sequence
            and n == place
            and its_order == order
            and its_date == on
            and names[entity]
            and names[account]
            and _CURRENCIES[currency]
        ):
            return None
        sums[entity, currency] += amount
        said.append(f'["{entity}","{account}","{currency}","{amount}"]')
    return None if any(sums.values()) else ",".join(said)


def _nodes_fit(page: list[Row], stretch: Stretch) -> bool:
    """Carry the stretch's subtrees on; the last node may join subtrees of other stretches."""
    peaks, done, end = stretch.peaks, stretch.records, stretch.end
    for row in page:
        node, count = row[8], done
        while count & 1:
            node = sha256(b"\x01" + peaks.pop() + node).digest()
            count >>= 1
        peaks.append(node)
        done += 1
        if node != row[9] and row[0] != end:
            return False
    stretch.records, stretch.last_node = done, page[-1][9]
    return True
