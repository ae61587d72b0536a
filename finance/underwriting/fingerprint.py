"""What makes two orders the same to a lender: normal forms, the keyed fingerprint, near matches.

The exact token is an HMAC-SHA256 over the canonical form of {type, seller, buyer, number}, so that nobody
without the network's key can guess who trades what. Edit distance is no use (consecutive numbers are one
apart); what forgers do is to write the same number with look-alike signs, so those are folded together.
"""

import hmac
import unicodedata
from dataclasses import dataclass
from hashlib import sha256

from domain.order import PARTY_NUMBERS, Order, Party
from trust.canonical import canonical_bytes

# What looks alike on paper, after upper-casing: digits for letters; Cyrillic, Greek, Coptic, Armenian and
# other letters for Latin; small capitals; letters with a stroke, which Unicode does not take apart.
LOOK_ALIKES = {
    ord(sign): latin
    for latin, signs in {
        "0": "OQОΟԚⲞՕꓳᴏØƟӨѲ°⚬",
        "1": "ILІΙⲒӀᏞꓡꓲʟɪꞮŁƖ|ǀ",
        "A": "АΑᎪꓮᴀ",
        "B": "ВΒⲂᏴꓐʙ",
        "C": "СϹⲤᏟꓚᴄ",
        "D": "ᎠꓓᴅĐÐƉ",
        "E": "ЕΕⲈᎬꓰᴇ",
        "F": "Ϝꓝꜰ",
        "G": "ԌᏀꓖɢǤ",
        "H": "НΗⲎᎻꓧʜĦ",
        "J": "ЈͿᎫꓙᴊ",
        "K": "КΚⲔᏦꓗᴋ",
        "M": "МΜⲘᎷꓟᴍ",
        "N": "ΝⲚꓠɴ",
        "P": "РΡⲢᏢꓑᴘ",
        "R": "ᎡꓣʀƦ",
        "S": "ЅՏᏚꓢꜱ",
        "T": "ТΤⲦᎢꓔᴛŦ",
        "U": "Սꓴᴜ",
        "V": "ѴᏙꓦᴠ",
        "W": "ԜᎳꓪᴡ",
        "X": "ХΧⲬꓫ",
        "Y": "УΥⲨҮꓬʏ",
        "Z": "ΖᏃꓜᴢƵ",
    }.items()
    for sign in signs
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """``exact`` and ``named`` are unique in the network; orders that share ``soft`` look alike and are shown.

    ``named`` goes by the firms' names alone, so that an order without an identifier that it had before is
    the same one; where neither firm has an identifier it is ``exact``.
    """

    exact: str
    named: str
    soft: str


def folded(text: str) -> str:
    """The text as a careful reader would compare it: ``ＰＯ－２０２６/OO1`` is ``P02026001``.

    Compatibility forms, case, accents, punctuation and spaces vanish; digits of every script and look-alike
    signs become one.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).upper()
    alike = "".join(_digit(sign) for sign in plain).translate(LOOK_ALIKES)
    return "".join(sign for sign in alike if unicodedata.category(sign)[0] in "LN" and sign not in _BLANK)


_BLANK = "\u115f\u1160\u3164\uffa0"
"""Letters to Unicode that show as nothing: the fillers of Hangul."""


def _digit(sign: str) -> str:
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)


def party_token(party: Party) -> str:
    """A firm by its identifier, else by its folded name."""
    return folded(party.identifier) if party.identifier else "NAME:" + folded(party.name)


def tokens_of(order: Order, key: bytes) -> Tokens:
    """The order's fingerprint under the network's key, and what near matches share."""
    exact = {
        "type": "order",
        "seller": party_token(order.seller),
        "buyer": party_token(order.buyer),
        "number": folded(order.reference),
    }
    named = exact | {
        "seller": party_token(Party(order.seller.name)),
        "buyer": party_token(Party(order.buyer.name)),
    }
    soft = {
        "type": "order-like",
        "seller": folded(order.seller.name),
        "buyer": folded(order.buyer.name),
        "currency": order.currency,
        "amount": str(order.gross_minor),
        "month": order.issued_on.isoformat()[:7],
    }
    return Tokens(_token(exact, key), _token(named, key), _token(soft, key))


def _token(content: dict[str, str], key: bytes) -> str:
    return hmac.new(key, canonical_bytes(content), sha256).hexdigest()


def order_hash(order: Order) -> str:
    """What the buyer signs: the hash of the order's parties, lines, price, date and terms."""
    from domain.plain import to_plain

    content = {
        name: value for name, value in to_plain(order).items() if name not in ("source", "extra", "note")
    }
    for role in ("buyer", "seller"):
        content[role] = {
            name: value for name, value in content[role].items() if value or name not in PARTY_NUMBERS
        }
    return sha256(canonical_bytes({"type": "net.order/1", **content})).hexdigest()


def statement_bytes(order: Order) -> bytes:
    """The bytes that a buyer signs to confirm an order."""
    return canonical_bytes({"type": "net.order-confirmation/1", "order": order_hash(order)})
