"""Files that are not read at all: nothing of them is written."""

from treaty_status.domain.refusals import Refusal


class FileRefused(Refusal):
    """The root: the whole file is refused."""

    slug, title = "file-refused", "The file was not read."


class MaintenancePage(FileRefused):
    """The site answered with a page for people where a table was asked for."""

    slug, title = "maintenance-page", "This is a web page, not the table."


class FileTruncated(FileRefused):
    """The end is missing."""

    slug, title = "file-truncated", "The file is cut off."


class NotATable(FileRefused):
    """There is no table in it that any of the readers knows."""

    slug, title = "not-a-table", "No table was found."


class DangerousDocument(FileRefused):
    """It declares entities or a document type, which no table needs."""

    slug, title = "dangerous-document", "The document declares entities."


class TreatyNotNamed(FileRefused):
    """The file does not say whose acts it holds."""

    slug, title = "treaty-not-named", "Whose acts are these?"
