"""The depositary's formats, and ours, read cell by cell; loud about everything that cannot be read."""

from treaty_status.importers.arrivals import read_arrivals
from treaty_status.importers.formats import AUTO, FORMATS, read_sheet
from treaty_status.importers.refusals import (
    DangerousDocument,
    FileRefused,
    FileTruncated,
    MaintenancePage,
    NotATable,
    TreatyNotNamed,
)

__all__ = [
    "AUTO",
    "FORMATS",
    "DangerousDocument",
    "FileRefused",
    "FileTruncated",
    "MaintenancePage",
    "NotATable",
    "TreatyNotNamed",
    "read_arrivals",
    "read_sheet",
]
