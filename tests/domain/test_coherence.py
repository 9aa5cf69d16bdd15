"""What may be said of a line after what, and what a stream must not contain."""

from dataclasses import replace

from tests.builders import T, acceded, corrected, hanoi, ratified, retracted, signed, story, the_day_comes, took_back
from treaty_events import Fact, MilestoneAnnounced, Status
from treaty_status.domain.coherence import FOLLOWS, Coherence, Finding


def found(facts: list[Fact]) -> list[Finding]:
    return list(Coherence(T).findings(facts))


def test_of_every_status_it_is_said_what_may_follow() -> None:
    assert set(FOLLOWS) == {None, *Status}
    assert not any(None in then for then in FOLLOWS.values())


def test_a_stream_of_corrections_and_losses_agrees_with_itself() -> None:
    told = story(hanoi(2), signed("s1", on="2026-01-05"), ratified("s1", on="2026-02-01"))
    told.on("2026-02-02", acceded("s2", on="2026-02-02"))
    told.on("2026-02-03", corrected(told.act_of("s2").event_id, act_date="2026-02-01"))
    told.on("2026-02-04", retracted(told.act_of("s2").event_id))
    told.on("2026-02-05", acceded("s3", on="2026-02-05"), took_back("s1", on="2026-02-05"))
    told.on("2026-08-01", the_day_comes())

    assert found(told.events) == []


def test_a_revision_that_was_skipped_is_found_once() -> None:
    told = story(hanoi(2), acceded("s1", on="2026-02-01"))
    told.on("2026-02-04", retracted(told.act_of("s1").event_id))
    skipped = [
        replace(one, revision=3, supersedes=2)
        if isinstance(one, MilestoneAnnounced) and one.kind == "consent.first" and one.revision == 2
        else one
        for one in told.events
    ]

    (finding,) = found(skipped)

    assert (finding.kind, finding.about) == ("announcement", f"{T}:consent.first:all:1")
