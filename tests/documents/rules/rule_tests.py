"""The rule tests of the standard and of XRechnung as documents with what is expected of one rule."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
_WORD = re.compile(r'(\S+?)="([^"]*)"', re.S)


@dataclass(frozen=True)
class Expected:
    """A document, a rule, and whether the rule holds in it."""

    file: str
    rule: str
    holds: bool
    document: bytes


def standard_tests() -> Iterator[Expected]:
    """Rule tests of EN 16931: fragments, each for one rule."""
    for file in sorted((DATA / "en16931" / "test").glob("*-unit-UBL/*.xml")):
        for test in etree.parse(file).getroot().iter("{*}test"):
            document = next(node for node in test if node.tag.endswith(("}Invoice", "}CreditNote")))
            for told, holds in (("success", True), ("error", False)):
                for rule in test.iterfind(f"{{*}}assert/{{*}}{told}"):
                    yield Expected(file.name, rule.text.strip(), holds, etree.tostring(document))


def xrechnung_tests() -> Iterator[Expected]:
    """Rule tests of XRechnung: a document whose instructions change the element after them."""
    for file in sorted((DATA / "xrechnung" / "rule_tests").glob("*/*.xml")):
        tree = etree.parse(file)
        instructions = [node for node in tree.iter(etree.ProcessingInstruction) if node.target == "xmute"]
        for place, instruction in enumerate(instructions):
            found = _WORD.findall(instruction.text)
            for document in _mutants(tree, place, dict(found)):
                for key, text in found:
                    for rule in re.split(r"[,\s]+", text) if key.startswith("schematron-") else ():
                        holds = key == "schematron-valid"
                        yield Expected(
                            f"{file.parent.name}/{file.name}", rule.rpartition(":")[2], holds, document
                        )


def _mutants(tree: etree._ElementTree, place: int, words: dict[str, str]) -> Iterator[bytes]:
    values = re.split(r"\s*,\s*", words["values"]) if "values" in words else [""]
    for value in values:
        copied = deepcopy(tree)
        found = [node for node in copied.iter(etree.ProcessingInstruction) if node.target == "xmute"]
        node = found[place].getnext()
        while not isinstance(node.tag, str):
            node = node.getnext()
        _change(node, words, value)
        etree.strip_tags(copied, etree.ProcessingInstruction, etree.Comment)
        yield etree.tostring(copied)


def _change(node: etree._Element, words: dict[str, str], value: str) -> None:
    mutator, attribute = words["mutator"], words.get("attribute")
    if mutator == "remove" and attribute:
        node.attrib.pop(attribute, None)
    elif mutator == "remove":
        node.getparent().remove(node)
    elif mutator == "empty" and attribute:
        node.set(attribute, "")
    elif mutator == "empty":
        for child in list(node):
            node.remove(child)
        node.text = None
    elif mutator == "code" and attribute:
        node.set(attribute, value)
    elif mutator == "code":
        node.text = value
    else:
        assert mutator == "identity", mutator
