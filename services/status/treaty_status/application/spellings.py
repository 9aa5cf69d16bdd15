"""Ids that a reader would take for one another: a treaty is recorded under one spelling of its id."""

from treaty_status.application.treaties import Treaties
from treaty_status.application.views import MOST_ROWS, TreatyQuery, Views
from treaty_status.domain.refusals import TreatyExists


def must_be_told_apart(treaty: str, treaties: Treaties, views: Views) -> None:
    """A new id must differ from every recorded one in more than the case of its letters.

    Looks at what this process holds and at the lists; two processes that define both spellings within the lists' delay
    are not kept apart.

    Raises:
        TreatyExists: it does not.
    """
    listed = views.treaties(TreatyQuery(q=treaty, rehearsals=None, limit=MOST_ROWS)).rows
    known = {*treaties.kept_ids(), *(row.id for row in listed)} - {treaty}
    for other in sorted(known):
        if other.casefold() == treaty.casefold():
            raise TreatyExists(
                f"A treaty is recorded under {other}, and {treaty} differs from it only in capital and small letters.",
                way_out=f"Amend {other} if it is the same treaty, or choose an id that nobody will confuse with it.",
                facts={"treaty": treaty, "recorded_as": other},
            )
