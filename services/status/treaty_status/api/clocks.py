"""The two clocks of a reading, and its language: what day it is for the law, and how much of the log is heard."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from treaty_status.api.answers import Question
from treaty_status.api.parameters import AsOf, KnownAt, Lang
from treaty_status.api.problems import invalid
from treaty_status.api.surface import the_surface
from treaty_status.application.editions import EditionOver, UnknownEdition
from treaty_status.application.past import Until

AtPosition = Annotated[
    int | None,
    Query(
        ge=1,
        le=2**53,
        description="As the log said up to this position, instead of known_at; a fact and what followed from it count "
        "together.",
        examples=[84],
    ),
]
Edition = Annotated[
    int | None,
    Query(ge=1, le=2**31, description="Only in these words: the edition of the answers. Permanent addresses name it."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Both clocks and the language, as an address names them. At most one of the second clock's two is given."""

    as_of: date | None
    known_at: datetime | None
    at_position: int | None
    lang: str
    edition: int | None

    @property
    def until(self) -> Until | None:
        """How much of the log is to be heard; None: all of it."""
        return heard_until(self.known_at, self.at_position)

    @property
    def lasts(self) -> bool:
        """Does the address name all that the answer depends on? A position does not change its meaning, an instant may:
        what was recorded until then can still be on its way to the disk.
        """
        return None not in (self.as_of, self.at_position, self.edition)

    def question(
        self,
        treaty: str,
        part: str,
        parameters: tuple[tuple[str, str], ...] = (),
    ) -> Question:
        """What is asked about a treaty: ``part`` is what follows it in the document's address."""
        return Question(
            kind=f"{part}?{urlencode(parameters)}" if parameters else part,
            treaty=treaty,
            as_of=self.as_of,
            lang=self.lang,
            known_at=self.known_at,
            at_position=self.at_position,
            part=part,
            parameters=parameters,
        )


def heard_until(known_at: datetime | None, at_position: int | None) -> Until | None:
    """How much of the log is to be heard; None: all of it.

    Raises:
        InvalidRequest: both an instant and a position are given.
    """
    if known_at is not None and at_position is not None:
        raise invalid(
            ("at_position", "An instant is given as well, and the two may not mean the same"),
            way_out="Give known_at or at_position.",
        )
    return None if known_at is None and at_position is None else Until(known_at, at_position)


async def clocks(
    *,
    request: Request,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    at_position: AtPosition = None,
    lang: Lang = "en",
    edition: Edition = None,
) -> Clocks:
    """The clocks of a request.

    Raises:
        InvalidRequest: both an instant and a position are given.
        UnknownEdition, EditionOver: the words asked for are not those of this release.
    """
    heard_until(known_at, at_position)
    present = the_surface(request).answers.edition
    if edition is not None and edition > present:
        raise UnknownEdition(
            f"Answers are given in edition {present} here; of an edition {edition} nothing is known.",
            way_out="Take the permanent address of an answer as it stands, or leave edition out.",
            facts={"edition": present},
        )
    if edition is not None and edition < present:
        asked = request.query_params.multi_items()
        query = [(name, str(present) if name == "edition" else value) for name, value in asked]
        raise EditionOver(
            f"This release answers in edition {present}; edition {edition} was that of an earlier one.",
            way_out="The same facts are told in the present words at retold_at; that release gives the bytes.",
            facts={"edition": present, "asked": edition, "retold_at": f"{request.url.path}?{urlencode(query)}"},
        )
    return Clocks(as_of=as_of, known_at=known_at, at_position=at_position, lang=lang, edition=edition)


TheClocks = Annotated[Clocks, Depends(clocks)]
