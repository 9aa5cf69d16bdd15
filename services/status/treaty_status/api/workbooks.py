"""A table as a workbook for spreadsheets (ECMA-376, transitional): text is text, days are days.

Written by ourselves, and not by a library whose next release would give other bytes at an address that is to last.
"""

import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from treaty_status.api.xml_text import xml_text

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | date | None
FIRST_DAY: Final = date(1900, 3, 1)
"""Before it the calendar of spreadsheets has a day that never was; such days are written as text."""
_EPOCH: Final = date(1899, 12, 30)
_BOLD, _DAY = 1, 2
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES: Final = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def workbook(sheets: Sequence[tuple[str, Sequence[Sequence[Cell]]]]) -> bytes:
    """The workbook: each sheet with its name (at most 31 characters) and rows, the first of which are the headings."""
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": _content_types(numbers),
        "_rels/.rels": _relations([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _book([name for name, _ in sheets]),
        "xl/_rels/workbook.xml.rels": _relations(
            [
                *((f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers),
                (f"rId{len(sheets) + 1}", "styles", "styles.xml"),
            ]
        ),
        "xl/styles.xml": _STYLES,
        **{f"xl/worksheets/sheet{n}.xml": _sheet(rows) for n, (_, rows) in enumerate(sheets, start=1)},
    }
    out = io.BytesIO()
    with ZipFile(out, "w") as package:
        for name, text in parts.items():
            # The same rows are the same bytes: no clock, and no compressor of which there are several releases.
            info = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr, info.create_system = ZIP_STORED, 0o644 << 16, 3
            package.writestr(info, text.encode())
    return out.getvalue()


def _content_types(numbers: Iterable[int]) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_KIND}.worksheet+xml"/>' for n in numbers
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{sheets}</Types>'
    )


def _relations(found: Iterable[tuple[str, str, str]]) -> str:
    lines = "".join(f'<Relationship Id="{one}" Type="{_DOCUMENT}/{kind}" Target="{at}"/>' for one, kind, at in found)
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _book(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(name[:31])} sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, start=1)
    )
    return f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{sheets}</sheets></workbook>'


def _sheet(rows: Sequence[Sequence[Cell]]) -> str:
    lines = "".join(
        f'<row r="{n}">{"".join(_cell(value, column, n) for column, value in enumerate(row))}</row>'
        for n, row in enumerate(rows, start=1)
    )
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    views = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    width = '<cols><col min="1" max="40" width="18" customWidth="1"/></cols>'
    return f'{_HEAD}<worksheet xmlns="{_MAIN}">{views}{width}<sheetData>{lines}</sheetData></worksheet>'


def _cell(value: Cell, column: int, row: int) -> str:
    at = f"{_letters(column)}{row}"
    if value is None:
        return ""
    if isinstance(value, int):
        return f'<c r="{at}"><v>{value}</v></c>'
    if isinstance(value, date) and value >= FIRST_DAY:
        return f'<c r="{at}" s="{_DAY}"><v>{(value - _EPOCH).days}</v></c>'
    text = value.isoformat() if isinstance(value, date) else value
    style = f' s="{_BOLD}"' if row == 1 else ""
    return f'<c r="{at}"{style} t="inlineStr"><is><t xml:space="preserve">{escape(xml_text(text))}</t></is></c>'


def _letters(column: int) -> str:
    before, own = divmod(column, 26)
    return f"{_letters(before - 1) if before else ''}{chr(ord('A') + own)}"
