"""A protocol and its parent treaty: bound no sooner than by the parent, and left with it where either says so."""

from datetime import date
from typing import Any

import pytest

from tests.builders import (
    JOINING,
    Twin,
    acceded,
    all_acceded,
    day,
    denounced,
    outcome,
    plus,
    ref,
    rule,
    states,
    story,
    the_day_comes,
    treaty,
)
from treaty_status.domain.decisions import NeighbourMoved
from treaty_status.domain.evaluation import Binding, bindings, known_days
from treaty_status.domain.world import Period, Periods

PARENT = "XVIII-12"
LEAVING = {"clause": "19", "takes_effect": plus(years=1, of=ref("received"))}


def under(*periods: tuple[str | None, str | None], entails: bool = False, who: str = "usa") -> Twin:
    """A world in which the parent bound a participant in these periods, and s1 and s2 for ever."""
    of = tuple(Period(_day(bound), _day(left), "40") for bound, left in periods)
    everyone = {one: (Period(day("2000-01-01"), None, None),) for one in states(2)} | {who: of}
    return Twin(periods={PARENT: Periods(PARENT, entails, everyone)}, parties={PARENT: [who, *states(2)]})


def _day(text: str | None) -> date | None:
    return None if text is None else day(text)


def protocol(**leaving: Any) -> dict[str, Any]:
    return rule(2, joining=JOINING | {"clause": "37(2)", "parent": PARENT}, leaving=[LEAVING | leaving])


def binding(world: Twin, *acts: Any, **leaving: Any) -> Binding:
    """When usa is bound by the protocol, in force since 1 April 2003, having acceded on 1 June 2003."""
    given = [*all_acceded(states(2), on="2003-01-01"), acceded("usa", on="2003-06-01"), *acts]
    by_rule = protocol(**leaving)
    seen = treaty(*given, by_rule=by_rule)
    found = outcome(by_rule, *given, world=world)
    assert seen.rule is not None
    return bindings(seen.participations["usa"], seen.rule, found, known_days(seen))[-1]


@pytest.mark.parametrize(
    ("parent", "bound", "clause"),
    [
        (("2001-01-01", None), "2003-07-01", "65(2)"),
        (("2003-07-01", None), "2003-07-01", "65(2)"),
        (("2003-07-02", None), "2003-07-02", "37(2)"),
        (("2004-01-15", None), "2004-01-15", "37(2)"),
    ],
)
def test_a_protocol_binds_nobody_before_its_parent_does(
    parent: tuple[str, str | None], bound: str, clause: str
) -> None:
    """As the Supplementary Fund Protocol of 2003, art. 21(3)."""
    found = binding(under(parent))
    assert (str(found.effect_on), found.clause) == (bound, clause)


def test_while_the_parent_is_not_in_force_the_protocol_binds_nobody_who_needs_it() -> None:
    found = binding(under((None, None)))
    assert (found.effect_on, found.clause) == (None, "37(2)")


def test_what_is_not_known_of_a_parent_moves_no_day() -> None:
    assert str(binding(Twin(parties={PARENT: ["usa"]})).effect_on) == "2003-07-01"


def test_the_period_under_the_parent_that_had_ended_before_does_not_matter() -> None:
    found = binding(under(("1990-01-01", "1995-01-01"), ("2003-09-01", None)), cascades_to="parent_leaves_this")
    assert (str(found.effect_on), found.leaves_on) == ("2003-09-01", None)


# ---- leaving ---------------------------------------------------------------------------------------------------------
def test_leaving_the_convention_is_leaving_its_protocols_where_the_convention_says_so() -> None:
    """As the convention against organized crime, art. 40(3)."""
    found = binding(under(("2001-01-01", "2010-05-01"), entails=True))
    assert (str(found.leaves_on), found.leaving_clause, found.left_with) == ("2010-05-01", f"40 {PARENT}", PARENT)
    assert found.binds(day("2010-04-30"))
    assert not found.binds(day("2010-05-01"))


def test_leaving_the_convention_is_leaving_the_protocol_where_the_protocol_says_so() -> None:
    """As the Kyoto Protocol, art. 27(3), and the Paris Agreement, art. 28(3)."""
    found = binding(under(("2001-01-01", "2010-05-01")), cascades_to="parent_leaves_this")
    assert (str(found.leaves_on), found.leaving_clause, found.left_with) == ("2010-05-01", "19", PARENT)


def test_leaving_the_convention_leaves_the_protocol_alone_where_nobody_says_so() -> None:
    assert binding(under(("2001-01-01", "2010-05-01"))).leaves_on is None


@pytest.mark.parametrize(
    ("notice", "leaves", "with_it"), [("2008-01-01", "2009-01-01", None), ("2009-12-01", "2010-05-01", PARENT)]
)
def test_whichever_ends_first_ends_it(notice: str, leaves: str, with_it: str | None) -> None:
    found = binding(under(("2001-01-01", "2010-05-01"), entails=True), denounced("usa", on=notice))
    assert (str(found.leaves_on), found.left_with) == (leaves, with_it)


def test_who_left_with_the_parent_is_no_longer_counted() -> None:
    given = [*all_acceded(states(2), on="2003-01-01"), acceded("usa", on="2003-06-01")]
    world = under(("2001-01-01", "2010-05-01"), entails=True)
    before, after = (outcome(protocol(), *given, world=world, as_of=on) for on in ("2010-04-30", "2010-05-01"))
    assert (before.reading.have, after.reading.have) == (3, 2)


def test_leaving_with_the_parent_is_announced_on_its_day() -> None:
    given = [*all_acceded(states(2), on="2003-01-01"), acceded("usa", on="2003-06-01")]
    told = story(protocol(), *given, world=under(("2001-01-01", "2010-05-01"), entails=True))
    assert "participant.withdrawal.reached" not in told.on("2010-04-30", the_day_comes()).names()
    said = told.on("2010-05-01", the_day_comes()).one("participant.withdrawal.reached")
    assert (said.params, said.clause) == ("usa", f"40 {PARENT}")


@pytest.mark.parametrize("hinted", [True, False])
def test_what_the_parent_did_meanwhile_is_announced_with_the_next_act_of_anybody(hinted: bool) -> None:
    """What was settled before holds only while the parent says what it said then."""
    given = [*all_acceded(states(2), on="2003-01-01"), acceded("usa", on="2003-06-01")]
    told = story(protocol(), *given, world=under(("2001-01-01", None), entails=True, who="usa"), hinted=hinted)
    told.on("2012-01-01", the_day_comes())
    told.world = under(("2001-01-01", "2010-05-01"), entails=True)

    said = told.on("2012-01-01", denounced("s1", on="2012-01-01"))

    left = said.one("participant.withdrawal.reached")
    assert (left.params, str(left.occurred_on), left.late_by_days) == ("usa", "2010-05-01", 610)


def test_what_follows_from_an_import_of_the_parent_is_no_news() -> None:
    given = [*all_acceded(states(2), on="2003-01-01"), acceded("usa", on="2003-06-01")]
    told = story(protocol(), *given, world=under(("2001-01-01", None), entails=True))
    told.on("2012-01-01", the_day_comes())
    told.world = under(("2001-01-01", "2010-05-01"), entails=True)

    said = told.on("2012-01-01", NeighbourMoved(treaty="T-1", imported="run-1"))

    assert said.names() == []
    assert told.treaty.announced["T-1:participant.withdrawal:usa:1"].as_history
