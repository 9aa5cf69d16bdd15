"""Signing beside the event loop: the same signatures, of the attempt's own moment; nothing is lost with the helper."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from treaty_notifier.consent import SenderName
from treaty_notifier.endpoint_options import EndpointOptions, Scheme
from treaty_notifier.loops import Scribe
from treaty_notifier.loops.letters import CHUNK, Letters, Signed
from treaty_notifier.loops.scribe import WORTH_ASKING
from treaty_notifier.outbox import Dossier, Lease, Parcel, SigningKey, Turn
from treaty_notifier.scribe import Batch, Frames, frame
from treaty_notifier.signing import Keys

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEYS = Keys((b"s" * 32, b"t" * 32), (b"k" * 32,))
CONTENTS = tuple((f"msg_{n}", b'{"n":%d}' % n) for n in range(40))


def signed_here(*, timestamp: int) -> list[str]:
    sign = KEYS.signer().signature
    return [sign(webhook_id=id_, timestamp=timestamp, body=body) for id_, body in CONTENTS]


async def answered(scribe: Scribe, *, timestamp: int = 5) -> Sequence[str]:
    """Asked until its process has started."""
    async with asyncio.timeout(20):
        while (values := await scribe.ask(KEYS, CONTENTS, timestamp=timestamp)) is None:
            await asyncio.sleep(0.02)
        return values


T = TypeVar("T")


def with_scribe(work: Callable[[Scribe], Awaitable[T]]) -> T:
    async def run() -> T:
        scribe = Scribe(patience_seconds=0.3, restart_seconds=0.1)
        try:
            return await work(scribe)
        finally:
            await scribe.close()

    return asyncio.run(run())


def children() -> list[int]:
    me = os.getpid()
    return [int(one) for one in Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii").split()] + [
        int(child)
        for task in Path(f"/proc/{me}/task").iterdir()
        if task.name != str(me)
        for child in (task / "children").read_text(encoding="ascii").split()
    ]


def test_a_signature_made_beside_us_is_the_one_that_we_would_make() -> None:
    values = with_scribe(lambda scribe: answered(scribe, timestamp=1_700_000_000))

    assert list(values) == signed_here(timestamp=1_700_000_000)


def test_what_is_asked_for_at_the_same_time_goes_together_and_comes_back_to_whoever_asked() -> None:
    async def work(scribe: Scribe) -> list[Signed]:
        await answered(scribe)
        return await asyncio.gather(*(scribe.ask(KEYS, [one], timestamp=7) for one in CONTENTS))

    values = with_scribe(work)

    assert [value for one in values for value in one or ["missing"]] == signed_here(timestamp=7)


def test_a_few_letters_are_signed_here_and_start_no_process() -> None:
    async def work(scribe: Scribe) -> Signed:
        return await scribe.ask(KEYS, CONTENTS[: WORTH_ASKING - 1], timestamp=5)

    before = children()
    assert with_scribe(work) is None
    assert children() == before


def test_when_the_process_is_killed_what_was_asked_of_it_is_signed_here_and_another_one_begins() -> None:
    async def work(scribe: Scribe) -> tuple[Signed, Sequence[str]]:
        before = set(children())
        await answered(scribe)
        (process,) = set(children()) - before
        os.kill(process, signal.SIGSTOP)
        asked = scribe.ask(KEYS, CONTENTS, timestamp=5)
        await asyncio.sleep(0)
        os.kill(process, signal.SIGKILL)
        async with asyncio.timeout(20):
            return await asked, await answered(scribe)

    lost, later = with_scribe(work)

    assert lost is None
    assert list(later) == signed_here(timestamp=5)


def test_a_process_that_stands_still_is_given_up() -> None:
    async def work(scribe: Scribe) -> Signed:
        before = set(children())
        await answered(scribe)
        (process,) = set(children()) - before
        os.kill(process, signal.SIGSTOP)
        try:
            async with asyncio.timeout(20):
                return await scribe.ask(KEYS, CONTENTS, timestamp=5)
        finally:
            os.kill(process, signal.SIGCONT)

    assert with_scribe(work) is None


def test_the_process_ends_with_whoever_started_it_and_knows_no_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TREATY_NOTIFIER_KEYRING", "a secret")
    before = set(children())

    async def work(scribe: Scribe) -> bytes:
        await answered(scribe)
        (process,) = set(children()) - before
        return Path(f"/proc/{process}/environ").read_bytes()

    environment = with_scribe(work)

    assert b"TREATY_" not in environment
    assert set(children()) == before


def test_frames_come_out_whole_however_they_are_cut() -> None:
    batch = Batch(1, KEYS.secrets, KEYS.seeds, 5, CONTENTS)
    wire = frame([batch]) + frame([]) + frame([batch, batch])
    frames = Frames()

    found = [one for at in range(0, len(wire), 7) for one in frames.cut(wire[at : at + 7])]

    assert [len(one) for one in found] == [len(frame([batch])) - 4, len(frame([])) - 4, len(frame([batch, batch])) - 4]


# A turn's letters


class Helpful:
    """Signs at once, under a name that shows who did it."""

    def __init__(self, *, is_there: bool = True) -> None:
        self.chunks: list[int] = []
        self._is_there = is_there

    def ask(self, keys: Keys, contents: Sequence[tuple[str, bytes]], *, timestamp: int) -> asyncio.Future[Signed]:
        self.chunks.append(len(contents))
        answer: asyncio.Future[Signed] = asyncio.get_running_loop().create_future()
        answer.set_result([f"ahead,{id_},{timestamp}" for id_, _ in contents] if self._is_there else None)
        return answer


def turn(count: int, *, schemes: tuple[Scheme, ...] = (Scheme.V1, Scheme.V1A)) -> Turn:
    parcels = tuple(
        Parcel(seq=n, webhook_id=f"msg_{n}", type="a", body=b'{"n":1}', attempts=0, failures=0, is_exception=False)
        for n in range(count)
    )
    return Turn(
        lease=Lease(lane_id="sub_a", subscription_id="sub_a", epoch=1, cursor=0),
        url="https://a.example/",
        secrets=KEYS.secrets,
        parcels=parcels,
        scanned_to=count,
        dossier=Dossier(
            options=EndpointOptions(signatures=schemes), keys=(SigningKey(seed=KEYS.seeds[0], public=b"p" * 32),)
        ),
    )


def letters(taken: Turn, helper: Helpful) -> Letters:
    return Letters(taken, taken.parcels, sender=SenderName(), usual={"user-agent": "a"}, helper=helper)


def signature(taken: Turn, helper: Helpful, place: int, *, prepared: datetime, sent: datetime) -> tuple[str, str]:
    async def run() -> tuple[str, str]:
        ready = letters(taken, helper)
        await ready.prepare(place, at=prepared)
        headers = ready.outgoing(place, at=sent).headers
        return headers["webhook-timestamp"], headers["webhook-signature"]

    return asyncio.run(run())


def test_a_letter_signed_ahead_goes_out_with_the_timestamp_that_was_signed() -> None:
    told = signature(turn(3), Helpful(), 2, prepared=NOON, sent=NOON + timedelta(seconds=1.5))

    assert told == (f"{NOON.timestamp():.0f}", f"ahead,msg_2,{NOON.timestamp():.0f}")


def test_a_letter_that_lay_for_two_seconds_is_signed_again_and_so_is_one_from_the_future() -> None:
    for late in (timedelta(seconds=2), timedelta(minutes=10), timedelta(minutes=-10)):
        timestamp, value = signature(turn(3), Helpful(), 2, prepared=NOON, sent=NOON + late)

        assert timestamp == f"{(NOON + late).timestamp():.0f}"
        expected = KEYS.signer().signature(webhook_id="msg_2", timestamp=int(timestamp), body=b'{"n":1}')
        assert value == expected


def test_a_letter_is_signed_on_its_way_out_when_the_helper_is_gone() -> None:
    _, value = signature(turn(3), Helpful(is_there=False), 0, prepared=NOON, sent=NOON)

    assert value.startswith("v1,")
    assert " v1a," in value


def test_no_more_than_the_chunk_in_hand_and_the_next_one_are_signed_ahead() -> None:
    async def run() -> list[int]:
        helper = Helpful()
        ready = letters(turn(3 * CHUNK + 1), helper)
        for place in range(CHUNK + 1):
            await ready.prepare(place, at=NOON)
        return helper.chunks

    assert asyncio.run(run()) == [CHUNK, CHUNK, CHUNK]


def test_who_wants_the_shared_secret_alone_needs_no_helper() -> None:
    helper = Helpful()

    _, value = signature(turn(3, schemes=(Scheme.V1,)), helper, 0, prepared=NOON, sent=NOON)

    assert helper.chunks == []
    assert "v1a," not in value
