"""The terms of seller and buyer, by what they say, so that a syntax describes a party once."""

_PARTS = (
    "endpoint", "id", "name", "address", "street", "more", "line", "city", "zone", "region", "country",
    "vat", "legal", "register", "contact", "person", "phone", "mail",
)  # fmt: skip
_SELLER = """
BT-34 BT-29 BT-28 BG-5 BT-35 BT-36 BT-162 BT-37 BT-38 BT-39 BT-40
BT-31 BT-27 BT-30 BG-6 BT-41 BT-42 BT-43
"""
_BUYER = """
BT-49 BT-46 BT-45 BG-8 BT-50 BT-51 BT-163 BT-52 BT-53 BT-54 BT-55
BT-48 BT-44 BT-47 BG-9 BT-56 BT-57 BT-58
"""
SELLER = dict(zip(_PARTS, _SELLER.split(), strict=True))
BUYER = dict(zip(_PARTS, _BUYER.split(), strict=True))
