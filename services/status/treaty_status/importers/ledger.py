"""Everything found in one file, counted as it is found."""

from hashlib import sha256
from typing import Final

from treaty_status.application.sheets import Found, Reason, Reported, Sheet, TreatyPart

_LONG: Final = 200


class Ledger:
    """Takes acts and reports while a file is read, and ends as a sheet."""

    def __init__(self, file: str, raw: bytes, *, format_name: str, source: str, complete: bool) -> None:
        self.file = file
        self.sha256 = sha256(raw).hexdigest()
        self._format = format_name
        self._source = source
        self._complete = complete
        self._acts: list[Found] = []
        self._reported: list[Reported] = []
        self.parts: dict[str, TreatyPart] = {}
        self.notes: list[str] = []
        self.cells = 0
        """Filled cells, counted by whoever reads, before it is known what becomes of them."""
        self.empty = 0

    def act(self, found: Found) -> None:
        """A cell that is an act."""
        self._acts.append(found)

    def report(self, row: int, column: str, text: str, why: Reason, detail: str, *, treaty: str | None = None) -> None:
        """A cell that is none."""
        self._reported.append(
            Reported(
                file=self.file,
                row=row,
                column=column,
                text=text[:_LONG],
                reason=why,
                detail=detail,
                treaty=treaty,
            )
        )

    def sheet(self) -> Sheet:
        """What was read; an act that the file says twice counts once, and the second cell is reported."""
        seen: dict[tuple[str, str, str, object], Found] = {}
        acts: list[Found] = []
        for found in self._acts:
            first = seen.setdefault((found.treaty, found.participant, found.action, found.act_date), found)
            if first is found:
                acts.append(found)
                continue
            where = f"row {first.row}, column {first.column}"
            self.report(
                found.row,
                found.column,
                found.text,
                Reason.TWICE_IN_FILE,
                f"The same act stands in {where}.",
                treaty=found.treaty,
            )
        return Sheet(
            file=self.file,
            format=self._format,
            sha256=self.sha256,
            source=self._source,
            complete=self._complete,
            cells=self.cells,
            empty=self.empty,
            acts=tuple(acts),
            reported=tuple(self._reported),
            parts=self.parts,
            notes=tuple(self.notes),
        )
