"""Units of measure as codes of UN/ECE Recommendations 20 and 21, which invoices must use."""

from documents.codes.lists import codes

_WORDS = """
BOTTLE XBO, BOX XBX, BX XBX, BUNDLE XBE, BAG XBG, BAGS XBG, BARREL XBA, CARTON XCT, CARTONS XCT,
CASE XCS, CASES XCS, CM CMT, CRATE XCR, CT XCT, CS XCS, CTN XCT, DOZ DZN, DOZEN DZN, DRUM XDR,
EACH EA, FT FOT, G GRM, H HUR, HOUR HUR, HOURS HUR, IN INH, KG KGM, KM KMT, L LTR, LB LBR, LBS LBR,
M MTR, M2 MTK, M3 MTQ, MG MGM, ML MLT, MM MMT, OZ ONZ, PACK XPK, PACKS XPK, PAIR PR, PAIRS PR,
PAL XPX, PALLET XPX, PALLETS XPX, PC H87, PCE H87, PCS H87, PIECE H87, PIECES H87, PK XPK, REAM RM,
RO XRO, ROL XRO, ROLL XRO, ROLLS XRO, ST H87, STK H87, STÜCK H87, STUECK H87, SHEET XST, SHEETS XST,
T TNE, TO TNE, TON TNE, TONNE TNE, TRAY XPU, TUBE XTU, UNIT C62, UNITS C62, YD YRD, YARD YRD, 个 H87,
件 H87, 只 H87, 台 H87, 套 SET, 箱 XCT, 盒 XBX, 包 XPK, 卷 XRO, 双 PR, 打 DZN, 千克 KGM, 公斤 KGM,
克 GRM, 吨 TNE, 米 MTR, 厘米 CMT, 毫米 MMT, 平方米 MTK, 立方米 MTQ, 升 LTR, 毫升 MLT, 小时 HUR
"""
WORDS = dict(pair.split() for pair in _WORDS.split(","))
"""What people write for a unit, with its code."""

MISTAKEN = {
    "STK": "a stick of cigarettes",
    "PAL": "a pascal",
    "CTN": "a content ton",
}
"""Words of the trade that are codes of something else: read as the trade means them, and that is told."""


def unit_code(unit: str) -> str:
    """The code for a unit; a word that has none comes back as it is, and the rules name it (BR-CL-23)."""
    word = unit.strip().upper()
    if word in WORDS:
        return WORDS[word]
    return word if word in codes("unit") else unit.strip()


def mistaken(unit: str) -> str:
    """What is told of a unit whose word is the code of something else; empty for every other."""
    word = unit.strip().upper()
    meant = MISTAKEN.get(word)
    return f"unit {word} is written as {unit_code(unit)}: as a code it would mean {meant}" if meant else ""
