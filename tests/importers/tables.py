"""Files as the depositary sends them, made up here line by line; none is anybody's real table."""

from collections.abc import Iterable, Sequence

from treaty_status.application.sheets import Reported, Sheet
from treaty_status.importers import read_sheet
from treaty_status.registry import load_registry

REGISTRY = load_registry()
HEADER = 'Participant,Signature,"Ratification, Acceptance(A), Approval(AA), Accession(a), Succession(d)"'
MAINTENANCE = b"""<html><head><title>United Nations Treaty Collection</title></head><body>
<p>The site is undergoing urgent maintenance and is currently unavailable.</p></body></html>"""


def csv_table(*rows: str, header: str = HEADER) -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode()


def read_csv(*rows: str, header: str = HEADER, file: str = "IV-99.csv") -> Sheet:
    """The sheet of a table with these rows."""
    return read_sheet(file, csv_table(*rows, header=header), registry=REGISTRY)


def row(name: str, *cells: str) -> str:
    return f"<Row><Entry>{name}</Entry>{''.join(f'<Entry>{cell}</Entry>' for cell in cells)}</Row>"


def xml_table(
    *rows: str,
    header: Sequence[str] = ("Participant", "Signature", "Ratification, Accession(a), Acceptance(A)"),
    status: str = "<Signatories>2</Signatories><Parties>1</Parties>",
    after: str = "",
    prologue: str = "",
) -> bytes:
    """A document of the depositary's shape, in the encoding it declares."""
    heads = "".join(f"<Entry>{text}</Entry>" for text in header)
    text = f"""<?xml version="1.0" encoding="ISO-8859-1"?>{prologue}
<Treaty><Header><Chapter><Name>HUMAN RIGHTS</Name></Chapter></Header>
<ExternalData><Titlesect>Convention on Invented Matters</Titlesect><Conclusion>Genève, 2 May 1992</Conclusion>
<Status>{status}</Status></ExternalData>
<Participants><Table><TGroup><Thead><Row>{heads}</Row></Thead><Tbody><Rows>{"".join(rows)}</Rows></Tbody></TGroup>
</Table></Participants>{after}</Treaty>"""
    return text.encode("iso-8859-1")


def read_xml(raw: bytes, *, file: str = "IV-99.en.xml") -> Sheet:
    return read_sheet(file, raw, registry=REGISTRY)


def acts(sheet: Sheet) -> list[tuple[str, str, str]]:
    """Who did what when, in the order of the file."""
    return [(act.participant, act.action.value, act.act_date.isoformat()) for act in sheet.acts]


def reasons(found: Sheet | Iterable[Reported]) -> list[tuple[int, str]]:
    """The rows reported and why."""
    lines = found.reported if isinstance(found, Sheet) else found
    return [(line.row, line.reason.value) for line in lines]
