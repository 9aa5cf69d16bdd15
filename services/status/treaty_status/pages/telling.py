"""What a page tells: one treaty, one day, one reader; and how days and words are written for that reader."""

from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from treaty_status.application.documents import View
from treaty_status.pages import dates
from treaty_status.pages.addresses import Here, treaty_path
from treaty_status.pages.languages import Language
from treaty_status.pages.moments import written_instant
from treaty_status.pages.subjects import GroupName, Subjects
from treaty_status.pages.wording import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One treaty at the end of one day, for one reader. ``today`` is the depositary's, or the rehearsal's.

    ``known_at`` None: as we know it now. ``at_position``: the address names it, so the page stays as it is.
    ``heard_to``: the position up to which the log was heard.
    """

    told: View
    today: date
    known_at: datetime | None
    at_position: int | None
    heard_to: int
    language: Language
    origin: str
    group: GroupName

    @property
    def subjects(self) -> Subjects:
        """Words for groups and tables."""
        return Subjects(self.say, self.group)

    @property
    def say(self) -> Words:
        """The page's words."""
        return Words(self.language.text)

    @property
    def here(self) -> Here:
        """This state's own address: always with its day, so that it can be cited."""
        return Here(treaty_path(self.told.treaty.id), self.query)

    @property
    def query(self) -> dict[str, str | None]:
        """What is asked: the legal day, the instant, the language."""
        known_at = None if self.known_at is None else written_instant(self.known_at)
        at_position = None if self.at_position is None else str(self.at_position)
        return {
            "as_of": self.told.as_of.isoformat(),
            "known_at": known_at,
            "at_position": at_position,
            "lang": self.language.names,
        }

    @property
    def permanent(self) -> str:
        """The address at which this state stays, whatever is recorded later."""
        return self.here(known_at=None, at_position=str(self.heard_to))

    @property
    def heard_at(self) -> str:
        """The instant up to which the record is told: the one asked about, or that of the last event."""
        found = self.known_at or self.told.known_at
        return "" if found is None else written_instant(found)

    def day(self, iso: str | None) -> Markup:
        """A day as this reader reads it."""
        return dates.element(iso, self.language.text)

    def plain_day(self, iso: str) -> str:
        """A day inside a text."""
        day = dates.parsed(iso)
        return iso if day is None else dates.long(day, self.language.text)

    @property
    def as_of(self) -> str:
        """The legal day inside a text."""
        return dates.long(self.told.as_of, self.language.text)
