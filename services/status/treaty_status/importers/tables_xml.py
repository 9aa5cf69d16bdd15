"""The depositary's XML, one treaty a file (MTDSG): ISO-8859-1, footnote marks inside the text, entities refused.

Source: the depositary's files as public parsers read them: ``Participants/Table/TGroup/Thead|Tbody/Rows/Row/Entry`` for
the table, ``SpecialTables`` for declarations of another shape, ``Status/Parties`` missing where there are none.
"""

from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

from treaty_status.application.sheets import Reason, TreatyPart
from treaty_status.importers.cells import dated, plain
from treaty_status.importers.grid import read_grid
from treaty_status.importers.ledger import Ledger
from treaty_status.importers.names import Names
from treaty_status.importers.numbers import treaty_of_file
from treaty_status.importers.refusals import DangerousDocument, FileTruncated, MaintenancePage, NotATable
from treaty_status.importers.tables_csv import SOURCE
from treaty_status.registry import Registry

_CUT_OFF: Final = frozenset({3, 5, 6, 20})
"""expat: no element found, unclosed token, partial character, unclosed CDATA section."""
_DEEPEST: Final = 200
_RAISED: Final = frozenset({"superscript", "sup"})
_SPECIAL: Final = {
    "specialtables": (Reason.NOT_AN_ACT, "A special table holds declarations and the like, not acts of joining."),
    "territorialapplications": (Reason.TERRITORY, "What is done for a territory is not an act of becoming party."),
}


def read_xml(file: str, raw: bytes, *, registry: Registry, treaty: str | None = None) -> Ledger:
    """Every cell of the table, and of the special tables beside it.

    Raises:
        MaintenancePage: a web page instead. FileTruncated: the end is missing. DangerousDocument: it declares a
        document type or entities. NotATable: not XML, or without any table.
        TreatyNotNamed: neither the caller nor the file's name says whose table it is.
    """
    root = parsed(file, raw)
    number = treaty_of_file(file, treaty)
    ledger = Ledger(file, raw, format_name="untc-xml", source=f"{SOURCE}, {number}", complete=True)
    part = _part(root, number)
    tables = [table for block in _all(root, "participants") for table in _all(block, "table")]
    if not tables and not any(_special_rows(root)):
        raise NotATable(
            f"There is no table in the document (file: {file}).", way_out="Fetch it again.", facts={"file": file}
        )
    names = Names(registry)
    if len(tables) > 1:
        ledger.notes.append(f"The document has {len(tables)} tables of participants; rows are counted through all.")
    start = 1
    for table in tables:
        header, rows = _table(table)
        read_grid(part, header, list(enumerate(rows, start=start)), ledger, names)
        start += len(rows)
        part = ledger.parts[number]
    ledger.parts.setdefault(number, part)
    _report_special(root, number, ledger)
    _compare_totals(ledger, number)
    return ledger


# ---- the document ----------------------------------------------------------------------------------------------------
def parsed(file: str, raw: bytes) -> Element:
    """The root element; nothing is fetched, expanded or guessed.

    Raises:
        MaintenancePage, FileTruncated, DangerousDocument, NotATable: as ``read_xml`` says.
    """
    if not raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml"):
        raise maintenance(file, raw)
    builder = TreeBuilder()
    depth = 0

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise _dangerous(file, f"elements nested more than {_DEEPEST} deep")
        builder.start(tag.rpartition(":")[2].casefold(), attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rpartition(":")[2].casefold())

    def declared(*_: object) -> None:
        raise _dangerous(file, "a document type or an entity")

    parser = ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = declared
    parser.buffer_text = True
    try:
        parser.Parse(raw.lstrip(b" \t\r\n"), True)  # noqa: FBT003 - expat takes no keywords: this is all of it
    except ExpatError as error:
        raise _not_whole(file, error) from None
    root: Element = builder.close()
    if root.tag == "html":
        raise maintenance(file, raw)
    return root


def maintenance(file: str, raw: bytes) -> MaintenancePage:
    """The refusal of something that is a page for people; the depositary's site sends one with status 200."""
    start = " ".join(raw[:2_000].decode("latin-1").split())
    return MaintenancePage(
        f"The file does not begin like the depositary's XML or a table (file: {file}).",
        way_out="Fetch it again when the site is back; nothing was written.",
        facts={"file": file, "begins_with": start[:120]},
    )


def _dangerous(file: str, what: str) -> DangerousDocument:
    return DangerousDocument(
        f"The document has {what}; the depositary's files have not (file: {file}).",
        way_out="Fetch it from the depositary.",
        facts={"file": file},
    )


def _not_whole(file: str, error: ExpatError) -> FileTruncated | NotATable:
    facts = {"file": file, "line": error.lineno, "problem": str(error)}
    if error.code in _CUT_OFF:
        return FileTruncated(
            f"The document ends before its last element is closed (file: {file}, line {error.lineno}).",
            way_out="Fetch it again; nothing was written.",
            facts=facts,
        )
    return NotATable(
        f"The document is not well-formed XML (file: {file}, {error}).", way_out="Fetch it again.", facts=facts
    )


# ---- its parts -------------------------------------------------------------------------------------------------------
def _all(element: Element, tag: str) -> Iterator[Element]:
    return (one for one in element.iter(tag) if one is not element)


def _text(element: Element | None) -> str:
    """The text of an element without raised footnote marks, whether they are elements or escaped markup."""
    if element is None:
        return ""
    parts = [element.text or ""]
    for child in element:
        if child.tag not in _RAISED:
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _part(root: Element, number: str) -> TreatyPart:
    external = next(root.iter("externaldata"), root)
    status = next(external.iter("status"), None)
    printed = {child.tag: plain(_text(child)) for child in status} if status is not None else {}
    return TreatyPart(
        treaty=number,
        title=plain(_text(next(external.iter("titlesect"), None))) or None,
        concluded=plain(_text(next(external.iter("conclusion"), None))) or None,
        signatories=_number(printed.get("signatories")) if status is not None else None,
        # The element is left out where there are none.
        parties=_number(printed.get("parties", "0")) if status is not None else None,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _table(table: Element) -> tuple[list[str], list[list[str]]]:
    head = next(table.iter("thead"), None)
    heads = [] if head is None else [cells for row in _rows(head) if (cells := _cells(row))]
    if not heads and head is not None:
        heads = [_cells(head)]
    body = next(table.iter("tbody"), None)
    return (heads[0] if heads else []), [] if body is None else [_cells(row) for row in _rows(body)]


def _rows(element: Element) -> Iterable[Element]:
    return element.iter("row")


def _cells(row: Element) -> list[str]:
    return [_text(cell) for cell in row if cell.tag in {"entry", "column"}]


def _special_rows(root: Element) -> Iterator[tuple[Element, Reason, str]]:
    for tag, (why, detail) in _SPECIAL.items():
        for block in _all(root, tag):
            for row in _rows(block):
                yield row, why, detail


def _report_special(root: Element, number: str, ledger: Ledger) -> None:
    for n, (row, why, detail) in enumerate(_special_rows(root), start=1):
        for at, cell in enumerate(_cells(row)[1:], start=2):
            text = plain(cell)
            if text:
                ledger.cells += 1
                ledger.report(n, f"special table, column {at}", text, why, detail, treaty=number)
            else:
                ledger.empty += 1


def _compare_totals(ledger: Ledger, number: str) -> None:
    """Published totals disagree with published rows even at the source; say so, count the rows."""
    part, sheet = ledger.parts[number], ledger.sheet()
    signed = sum(1 for act in sheet.acts if act.action.value in {"signature", "succession_to_signature"})
    signed += sum(
        1 for cell in sheet.reported if cell.column.casefold().startswith("signature") and dated(cell.text) is not None
    )
    if part.signatories is not None and part.signatories != signed:
        ledger.notes.append(
            f"The depositary prints {part.signatories} signatories; {signed} cells of the table are signatures (V16)."
        )
    if part.parties is not None:
        consenting = {act.participant for act in sheet.acts if act.action.value not in _NOT_CONSENT}
        if part.parties != len(consenting):
            ledger.notes.append(
                f"The depositary prints {part.parties} parties; the acts read are consents of {len(consenting)} (V16)."
            )


_NOT_CONSENT: Final = frozenset({"signature", "succession_to_signature", "provisional_application"})
