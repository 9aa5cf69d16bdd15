"""How a fact is written into the log, and read again by whoever comes later."""

import json
import subprocess
import sys
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treaty_events import (
    Action,
    Evidence,
    Fact,
    InstrumentDeposited,
    MilestoneAnnounced,
    Recorded,
    SignatureWindowsSet,
    UnknownEventName,
    catalogue,
    stream_of,
)
from treaty_status.application.event_log import EventLog, NewEvent
from treaty_status.store.codec import UnreadableBodyError, decode, encode

RECORDED = Recorded(at=datetime(2026, 3, 1, 9, 30, 0, 5, tzinfo=UTC), by="treaty desk")
FIJI = InstrumentDeposited(
    treaty="XVIII-16",
    recorded=RECORDED,
    participant="fji",
    action=Action.RATIFICATION,
    act_date=date(2026, 2, 27),
    evidence=(Evidence(source="C.N.77.2026", note='said ,"place":null, literally'),),
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=12),
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    NoneType: st.none(),
    Any: JSON,
}


def made(cls: Any, said: dict[str, Any]) -> Any:
    return cls(**said)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Anything that a field of this type may hold."""
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) in (Union, UnionType):
        return st.one_of([values(option) for option in get_args(kind)])
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0]), max_size=2).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(st.text(max_size=5), values(get_args(kind)[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    assert is_dataclass(kind), kind
    hints = get_type_hints(kind)
    return st.fixed_dictionaries({f.name: values(hints[f.name]) for f in fields(kind)}).map(partial(made, kind))


CLASSES = sorted(set(catalogue.NAMES.values()), key=lambda cls: cls.__name__)


@pytest.mark.parametrize("cls", CLASSES)
@settings(max_examples=25)
@given(data=st.data())
def test_every_fact_is_read_back_as_it_was_written(cls: type[Fact], data: st.DataObject) -> None:
    fact = data.draw(values(cls))
    if isinstance(fact, MilestoneAnnounced) and catalogue.name_of(fact) not in catalogue.NAMES:
        return  # a status that this kind of milestone does not know

    topic, body = encode(fact)

    assert decode(topic, body) == fact
    assert json.loads(body)["treaty"] == fact.treaty


def test_a_stored_fact_reads_like_a_sentence() -> None:
    topic, body = encode(FIJI)

    assert topic == "treaty.consent.recorded"
    assert json.loads(body) == {
        "treaty": "XVIII-16",
        "recorded": {"at": "2026-03-01T09:30:00.000005Z", "by": "treaty desk"},
        "participant": "fji",
        "action": "ratification",
        "act_date": "2026-02-27",
        "tier": "official_depositary",
        "evidence": [{"source": "C.N.77.2026", "note": 'said ,"place":null, literally'}],
        "deposit_status": "accepted",
    }


def test_what_must_be_said_is_said_even_when_it_is_empty() -> None:
    closed = SignatureWindowsSet(treaty="XVIII-16", recorded=RECORDED, windows=())

    assert json.loads(encode(closed)[1])["windows"] == []
    assert decode(*encode(closed)) == closed


def test_an_instant_keeps_its_moment_whatever_zone_it_was_told_in() -> None:
    hanoi = timezone(timedelta(hours=7))
    told = SignatureWindowsSet(
        treaty="XVIII-16", recorded=Recorded(at=datetime(2026, 3, 1, 16, tzinfo=hanoi), by="desk"), windows=()
    )

    assert decode(*encode(told)).recorded.at == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_a_field_that_a_later_version_added_does_not_hinder_reading() -> None:
    topic, body = encode(FIJI)

    assert decode(topic, body[:-1] + b',"weather":"fair"}') == FIJI


@pytest.mark.parametrize(
    "topic", ["treaty.moon.recorded", "treaty.consent.recorded@2", "treaty.consent.recorded@x", ""]
)
def test_an_unknown_topic_is_named_so_that_it_can_be_parked(topic: str) -> None:
    with pytest.raises(UnknownEventName):
        decode(topic, b"{}")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"treaty":7}', b"\xff"])
def test_a_body_that_was_not_written_by_us_is_a_fault(body: bytes) -> None:
    with pytest.raises(UnreadableBodyError, match=r"treaty\.consent\.recorded"):
        decode("treaty.consent.recorded", body)


def test_unknown_events_stay_in_the_log_and_hide_nothing_behind_them(event_log: EventLog) -> None:
    stream = stream_of("XVIII-16")
    event_log.append(
        [NewEvent(stream, 1, "treaty.moon.recorded", b'{"phase":"full"}'), NewEvent(stream, 2, *encode(FIJI))]
    )

    unknown, known = event_log.read(after=0, limit=10)

    with pytest.raises(UnknownEventName):
        decode(unknown.topic, unknown.body)
    assert decode(known.topic, known.body) == FIJI


@pytest.fixture
def older_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that has changed shape twice: ``state`` became ``country``, which became ``participant``."""
    name = "treaty.consent.recorded"
    monkeypatch.setitem(catalogue.VERSIONS, name, 3)
    monkeypatch.setitem(catalogue.UPCASTERS, (name, 1), lambda body: {**body, "country": body["state"]})
    monkeypatch.setitem(catalogue.UPCASTERS, (name, 2), lambda body: {**body, "participant": body["country"].lower()})


@pytest.mark.usefixtures("older_bodies")
def test_bodies_of_every_older_version_are_read_in_the_present_shape() -> None:
    topic, body = encode(FIJI)
    first = body.replace(b'"participant":"fji"', b'"state":"FJI"')
    second = body.replace(b'"participant":"fji"', b'"country":"FJI"')

    assert topic == "treaty.consent.recorded@3"
    assert decode("treaty.consent.recorded", first) == FIJI
    assert decode("treaty.consent.recorded@2", second) == FIJI
    assert decode(topic, body) == FIJI


READER = """
import sys
from treaty_status.store.codec import decode
for line in open(sys.argv[1], "rb"):
    topic, _, body = line.rstrip(b"\\n").partition(b" ")
    print(repr(decode(topic.decode(), body)))
"""


@settings(max_examples=1)
@given(facts=st.tuples(*(values(cls) for cls in CLASSES if cls is not MilestoneAnnounced)))
def test_a_fresh_process_reads_everything(tmp_path_factory: pytest.TempPathFactory, facts: tuple[Fact, ...]) -> None:
    file = Path(tmp_path_factory.mktemp("log") / "log")
    file.write_bytes(b"".join(topic.encode() + b" " + body + b"\n" for topic, body in map(encode, facts)))

    read = subprocess.run([sys.executable, "-c", READER, file], check=True, capture_output=True, text=True, timeout=30)

    assert read.stdout.splitlines() == [repr(fact) for fact in facts]
