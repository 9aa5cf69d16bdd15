"""What an endpoint may answer to do harm: checks 13 to 15 of the list (B.1), by hand and by a mutator, on both clients.

The mutator runs for longer as a command: ``python -m benchmarks.wirefuzz --seconds 120 --seed 7``.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import httpx
import pytest
from benchmarks.wirefuzz import GOAL_MIB, chosen, in_a_process
from httptools import HttpResponseParser

from tests.attacks.attack_world import NO_CONTENT, TRANSPORTS, Listener, Make, Transport, guarded, with_transport
from tests.attacks.hostile_answers import (
    BODIES,
    BOMB,
    BROKEN,
    CHUNKED,
    HEADS,
    MALFORMED,
    ODD,
    OK,
    SLOW,
    SURPLUS,
    Hostile,
    HostileServer,
    bomb,
)
from treaty_notifier.deliveries import ANSWER_LIMIT_BYTES, Answer, Failure, Outcome, outcome_of
from treaty_notifier.sender import OutgoingWebhook

DEADLINE_SECONDS = 0.4
SPARE_SECONDS = 10.0  # for a machine that does other things as well: a deadline that does not hold is missed for ever
Answered = Callable[..., Answer | Failure]


@pytest.fixture(scope="module")
def hostile_port() -> Iterator[int]:
    bomb()
    server = HostileServer(chosen)
    yield server.port
    server.close()


@pytest.fixture
def answered(hostile_port: int, make: Make) -> Answered:
    """What a POST to the endpoint that answers like this becomes; its deadline held, or the test fails."""

    def post(name: str, *, seconds: float = 5.0) -> Answer | Failure:
        began = time.monotonic()
        result = guarded(make, f"http://127.0.0.1:{hostile_port}/fixed/{quote(name, safe='')}", seconds=seconds)
        assert time.monotonic() - began < seconds + SPARE_SECONDS
        return result

    return post


# 13: one deadline for everything


@TRANSPORTS
@pytest.mark.parametrize("name", SLOW)
def test_an_answer_that_takes_its_time_ends_at_the_deadline(name: str, answered: Answered) -> None:
    result = answered(name, seconds=DEADLINE_SECONDS)

    assert isinstance(result, Failure)
    assert (result.outcome, result.peer) == (Outcome.TIMEOUT, "127.0.0.1")


def test_a_time_limit_for_each_read_never_comes_while_something_drips() -> None:
    """The control: thirty bytes, one in every 50 ms, pass a limit of a third of that time."""
    answer = OK + b"content-length: 30\r\n\r\n"
    dripping = Hostile(parts=(answer, *(b"x",) * 30), pause=0.05)
    server = HostileServer(lambda _path: dripping)
    try:
        with httpx.Client(trust_env=False, timeout=0.5) as client:
            assert client.post(f"http://127.0.0.1:{server.port}/", content=b"{}").content == b"x" * 30
    finally:
        server.close()


@TRANSPORTS
@pytest.mark.parametrize("spoken", [b"", b"\x16\x03\x03", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 5_000])
def test_a_handshake_that_goes_nowhere_ends_at_the_deadline_or_before(make: Make, spoken: bytes) -> None:
    held: list[socket.socket] = []

    def greet() -> None:
        connection, _ = server.accept()
        held.append(connection)
        connection.sendall(spoken)

    with socket.create_server(("127.0.0.1", 0)) as server:
        greeting = threading.Thread(target=greet, daemon=True)
        greeting.start()
        began = time.monotonic()
        result = guarded(make, f"https://127.0.0.1:{server.getsockname()[1]}/", seconds=DEADLINE_SECONDS)
        seconds = time.monotonic() - began
        greeting.join(5)
        held[0].close()

    assert isinstance(result, Failure)
    assert result.outcome in (Outcome.TIMEOUT, Outcome.TLS_ERROR)
    assert seconds < DEADLINE_SECONDS + SPARE_SECONDS


# 14 and 15: bounds


@TRANSPORTS
@pytest.mark.parametrize("name", [*BODIES, BOMB])
def test_of_a_body_without_end_the_beginning_is_kept_as_it_came(name: str, answered: Answered) -> None:
    result = answered(name)

    assert isinstance(result, Answer)
    assert (result.status, len(result.body), result.is_clipped) == (200, ANSWER_LIMIT_BYTES, True)


def test_an_ordinary_client_unpacks_a_few_kilobytes_into_two_hundred_megabytes(hostile_port: int) -> None:
    """The control, counted and not kept; and an ordinary client says by itself that it would like gzip."""
    with (
        httpx.Client(trust_env=False) as client,
        client.stream("POST", f"http://127.0.0.1:{hostile_port}/fixed/{quote(BOMB)}", content=b"{}") as response,
    ):
        assert sum(len(piece) for piece in response.iter_bytes()) == 200_000_000
        assert "gzip" in response.request.headers["accept-encoding"]


@TRANSPORTS
@pytest.mark.parametrize("name", HEADS)
def test_a_head_without_end_is_a_failure(name: str, answered: Answered) -> None:
    result = answered(name, seconds=2 * DEADLINE_SECONDS)

    assert isinstance(result, Failure)
    assert result.outcome in (Outcome.PROTOCOL_ERROR, Outcome.TIMEOUT)


def test_the_parser_alone_takes_any_number_of_fields() -> None:
    """The control: the bound is ours."""
    counted = []

    class Counting:
        def on_header(self, name: bytes, value: bytes) -> None:
            counted.append(name + value)

    parser = HttpResponseParser(Counting())
    parser.feed_data(OK)
    for _ in range(1_000):
        parser.feed_data(b"x-field: y\r\n" * 100)

    assert len(counted) >= 99_999  # the last may still be going on


# and whatever else comes


@TRANSPORTS
@pytest.mark.parametrize("name", BROKEN | MALFORMED)
def test_what_breaks_off_or_is_no_http_is_a_failure_and_no_fault(name: str, answered: Answered) -> None:
    result = answered(name)

    assert isinstance(result, Failure)
    assert result.outcome in (Outcome.PROTOCOL_ERROR, Outcome.CONNECT_ERROR)


@TRANSPORTS
@pytest.mark.parametrize("name", SURPLUS)
def test_of_several_answers_the_first_counts(name: str, answered: Answered) -> None:
    result = answered(name)

    assert isinstance(result, Answer)
    assert (result.status, result.body) == (200, b"")


@TRANSPORTS
@pytest.mark.parametrize("name", ODD)
def test_what_can_be_read_in_two_ways_stays_within_its_bounds(name: str, answered: Answered) -> None:
    result = answered(name, seconds=2 * DEADLINE_SECONDS)

    assert outcome_of(result) in Outcome
    if isinstance(result, Answer):
        assert len(result.body) <= ANSWER_LIMIT_BYTES
        assert 0 <= (result.retry_after_seconds or 0) <= 86_400
        (result.location or "").encode()


@TRANSPORTS
def test_surplus_in_the_same_piece_answers_nobody(make: Make) -> None:
    both = NO_CONTENT + OK + b"content-length: 5\r\n\r\nOTHER"

    async def thrice(transport: Transport) -> list[Answer | Failure]:
        outgoing = OutgoingWebhook(url=listener.url, headers={}, body=b"{}")
        return [await transport.send(outgoing, deadline_seconds=5) for _ in range(3)]

    with Listener(both) as listener:
        results = with_transport(make, thrice)

    assert [one.status for one in results if isinstance(one, Answer)] == [204] * 3
    assert listener.connections == 3  # none of them is used again


@TRANSPORTS
def test_a_whole_body_in_chunks_of_a_byte_is_whole(make: Make) -> None:
    body = bytes(n % 251 for n in range(10_000))
    wire = CHUNKED + b"".join(b"1\r\n%c\r\n" % one for one in body) + b"0\r\n\r\n"
    with Listener(wire) as listener:
        answer = guarded(make, listener.url, times=2)

    assert isinstance(answer, Answer)
    assert (answer.body, answer.is_clipped) == (body, False)
    assert listener.connections == 1


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("transport", ["narrow", "aiohttp"])
def test_some_hundred_hostile_answers_leave_the_sender_as_it_was(transport: str, loop: str) -> None:
    """In a process of its own: nothing is raised, every deadline holds, memory stays, and a good endpoint is served."""
    found = in_a_process(transport, seed=20_261_122, answers=300, loop=loop)

    assert found.violations == []
    assert found.answers > 300
    assert found.grown_mib < GOAL_MIB
    assert found.peak_mib < GOAL_MIB


def test_the_same_seed_makes_the_same_answers() -> None:
    assert [chosen(f"/mutated/{n}") for n in range(50)] == [chosen(f"/mutated/{n}") for n in range(50)]
    assert len({repr(chosen(f"/mutated/{n}")) for n in range(50)}) > 45
