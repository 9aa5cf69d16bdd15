"""The numbers of a subscription are derived: from the log, and from what it asked for at each line."""

import base64
import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from treaty_notifier.messages import Entry, _base32
from treaty_notifier.numbering import Occasion, Place, Rolls, Terms, numbered
from treaty_notifier.subscriptions import Filter, Membership, Window, wants

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TREATIES = ("I-1", "I-2", "I-3")
STATES = ("deu", "fra", "usa")


def entry(seq: int, *, treaty: str = "I-1", participants: frozenset[str] = frozenset()) -> Entry:
    return Entry(
        seq=seq,
        position=2 * seq,
        type="treaty.threshold.reached",
        category="milestone",
        treaty=treaty,
        livemode=True,
        participants=participants,
        recorded_at=NOON,
        identity=f"milestone-{seq}:1",
        audience=None,
    )


filters = st.builds(
    Filter,
    treaties=st.lists(st.sampled_from(TREATIES), max_size=2).map(tuple),
    groups=st.sampled_from(((), ("eu",))),
)
members = st.frozensets(st.sampled_from(STATES))
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("line"), st.sampled_from(TREATIES), members),
        st.tuples(st.just("filter"), filters),
        st.tuples(st.just("group"), members),
    ),
    max_size=40,
)


@given(filters, deeds)
def test_a_line_is_wanted_as_it_was_wanted_on_the_day_it_came_whatever_is_changed_later(
    first: Filter, story: list[tuple[object, ...]]
) -> None:
    """The model decides at once, as each line comes; the terms decide at the end, about all of them."""
    lines: list[Entry] = []
    wanted_then: list[bool] = []
    current, eu, formers, versions = first, frozenset[str](), [], [(0, frozenset[str]())]
    for deed in story:
        match deed:
            case ("line", str(treaty), frozenset() as named):
                lines.append(entry(len(lines) + 1, treaty=treaty, participants=named))
                wanted_then.append(wants(current, lines[-1], membership=Membership(members={"eu": eu})))
            case ("filter", Filter() as wanted):
                if not formers or formers[-1][0] < len(lines):
                    formers.append((len(lines), current))
                current = wanted
            case ("group", frozenset() as named):
                eu = named
                versions = [one for one in versions if one[0] < len(lines)] + [(len(lines), eu)]

    terms = Terms(current=current, formers=tuple(formers), rolls=Rolls(versions={"eu": versions}))

    assert [terms.wants(line) for line in lines] == wanted_then


def test_numbers_begin_where_the_subscription_begins() -> None:
    terms = Terms(current=Filter(), window=Window(after_position=5), numbered_after=3)

    assert [terms.wants(entry(seq)) for seq in (2, 3, 4)] == [False, False, True]


def test_a_group_has_been_as_it_is_first_heard_of() -> None:
    rolls = Rolls(versions={"eu": [(0, frozenset({"fra"})), (4, frozenset({"deu"}))], "un": [(2, frozenset({"usa"}))]})

    assert rolls.at(4).members["eu"] == {"fra"}
    assert rolls.at(5).members == {"eu": {"deu"}, "un": {"usa"}}
    assert "un" not in rolls.at(2).members


def test_a_body_ends_with_its_place_and_says_why_it_is_sent_again() -> None:
    body = b'{"type":"a","data":{}}'
    place = Place(sequence=3, previous_id="msg_two", watermark=1)

    said = json.loads(numbered(body, place))
    assert said == {"type": "a", "data": {}, "sequence": 3, "previous_id": "msg_two", "watermark": 1}
    assert json.loads(numbered(body, place, occasion=Occasion.REPLAY)) == said | {"replay": True}
    assert json.loads(numbered(body, place, occasion=Occasion.RESEND)) == said | {"resend": True}
    outside = json.loads(numbered(body, None, occasion=Occasion.REPLAY))
    assert (outside["sequence"], outside["previous_id"], outside["watermark"]) == (None, None, None)


@given(st.binary(min_size=32, max_size=32))
def test_ids_are_written_in_the_base32_of_everybody(digest: bytes) -> None:
    assert _base32(digest) == base64.b32encode(digest).decode().rstrip("=").lower()
