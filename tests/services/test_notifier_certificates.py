"""Client certificates and authorities of an endpoint's own: through the interface, at rest, and on the wire."""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key

from tests.services.certificate_world import Authority, Credentials, Endpoint, endpoint_asking
from tests.services.notifier_world import FakeStatus, Notifier, Receiver, eventually, milestone, notifier
from tests.services.test_notifier_key_ring import OLD
from treaty_notifier.deliveries import Answer, Failure, Outcome
from treaty_notifier.endpoint_tls import EndpointTls, checked_tls
from treaty_notifier.errors import TlsRefused
from treaty_notifier.sender import AddressPolicy, GuardedTransport, NarrowTransport, OutgoingWebhook, ThreadResolver
from treaty_notifier.sender.addresses import networks

Make = type[GuardedTransport] | type[NarrowTransport]
TRANSPORTS = pytest.mark.parametrize("make", [NarrowTransport, GuardedTransport], ids=["narrow", "aiohttp"])


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def strict(tmp_path: Path, authority: Authority) -> Iterator[Endpoint]:
    """An endpoint whose certificate no browser knows, and that asks for one of the same authority."""
    with endpoint_asking(tmp_path, authority.server("127.0.0.1"), clients_of=authority) as endpoint:
        yield endpoint


def tls(authority: Authority, own: Credentials | None = None) -> EndpointTls:
    return EndpointTls(
        certificate=own.certificate if own else "", key=own.key if own else "", authorities=authority.pem
    )


def fields(authority: Authority, own: Credentials) -> dict[str, str]:
    return {"client_certificate": own.certificate, "client_key": own.key, "authorities": authority.pem}


def posted(make: Make, *requests: tuple[str, EndpointTls | None], seconds: float = 5) -> list[Answer | Failure]:
    """One after another through one transport."""

    async def work() -> list[Answer | Failure]:
        transport = make(AddressPolicy(networks(("127.0.0.0/8",))), resolver=ThreadResolver())
        try:
            return [
                await transport.send(
                    OutgoingWebhook(url=url, headers={}, body=b"{}", tls=own), deadline_seconds=seconds
                )
                for url, own in requests
            ]
        finally:
            await transport.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work())


@TRANSPORTS
def test_an_endpoint_that_asks_for_a_certificate_is_shown_the_subscriptions_own(
    make: Make, strict: Endpoint, authority: Authority
) -> None:
    (answer,) = posted(make, (strict.url, tls(authority, authority.client("the notifier"))))

    assert isinstance(answer, Answer)
    assert answer.status == 204
    assert [guest.name for guest in strict.guests] == ["the notifier"]


@TRANSPORTS
def test_without_the_right_certificate_or_authority_nothing_is_delivered(
    make: Make, strict: Endpoint, authority: Authority
) -> None:
    """The controls: the usual authorities, no certificate, one of somebody else's authority, another authority."""
    stranger = Authority("somebody else")
    own = authority.client("the notifier")
    results = posted(
        make,
        (strict.url, None),
        (strict.url, tls(authority)),
        (strict.url, tls(authority, stranger.client("the notifier"))),
        (strict.url, tls(stranger, own)),
        (strict.url, EndpointTls(certificate=own.certificate, key=own.key)),
    )

    for result in results:
        assert isinstance(result, Failure)
        assert result.outcome in (Outcome.TLS_ERROR, Outcome.CONNECT_ERROR, Outcome.PROTOCOL_ERROR)
    assert strict.guests == []


@TRANSPORTS
def test_an_authority_of_its_own_does_not_free_an_endpoint_from_bearing_its_name(
    make: Make, tmp_path: Path, authority: Authority
) -> None:
    with endpoint_asking(tmp_path, authority.server("other.example"), clients_of=None) as endpoint:
        (result,) = posted(make, (endpoint.url, tls(authority)))

    assert isinstance(result, Failure)
    assert result.outcome is Outcome.TLS_ERROR


@TRANSPORTS
def test_an_endpoints_certificate_that_has_ended_is_refused(make: Make, tmp_path: Path, authority: Authority) -> None:
    ended = authority.server("127.0.0.1", ends_in=timedelta(minutes=-5))
    with endpoint_asking(tmp_path, ended, clients_of=None) as endpoint:
        (result,) = posted(make, (endpoint.url, tls(authority)))

    assert isinstance(result, Failure)
    assert result.outcome is Outcome.TLS_ERROR


@TRANSPORTS
def test_two_subscriptions_of_one_endpoint_never_share_a_connection_under_different_names(
    make: Make, strict: Endpoint, authority: Authority
) -> None:
    """Else one could send as the other, behind whose certificate the endpoint opens more."""
    mine, yours = (tls(authority, authority.client(name)) for name in ("mine", "yours"))
    results = posted(make, *[(strict.url, own) for own in (mine, yours, mine, yours, mine)])

    assert [one.status for one in results if isinstance(one, Answer)] == [204] * 5
    assert [guest.name for guest in strict.guests] == ["mine", "yours", "mine", "yours", "mine"]
    assert strict.connections == 2


@TRANSPORTS
def test_an_attempt_knows_the_version_of_tls_the_end_of_the_certificate_and_the_peer(
    make: Make, strict: Endpoint, authority: Authority
) -> None:
    own = tls(authority, authority.client("the notifier"))
    first, second = posted(make, (strict.url, own), (strict.url, own))

    for answer in (first, second):
        assert answer.phases is not None
        assert answer.peer == "127.0.0.1"
        assert answer.phases.tls_version == "TLSv1.3"
        assert answer.phases.certificate_until is not None
        until = datetime.strptime(answer.phases.certificate_until, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
        assert timedelta(hours=23) < until - datetime.now(UTC) < timedelta(days=1)
    assert first.phases is not None
    assert second.phases is not None
    assert None not in (first.phases.dns_ms, first.phases.connect_ms, first.phases.tls_ms, first.phases.first_byte_ms)
    assert (second.phases.dns_ms, second.phases.connect_ms, second.phases.tls_ms) == (None, None, None)
    assert (first.phases.is_kept, second.phases.is_kept) == (False, True)


@TRANSPORTS
def test_the_time_that_tls_takes_is_told_apart_from_the_time_that_the_connection_takes(
    make: Make, tmp_path: Path, authority: Authority
) -> None:
    """The endpoint sleeps before it speaks TLS: only that phase can be long, however busy the machine is."""
    asleep = 0.4
    with endpoint_asking(tmp_path, authority.server("127.0.0.1"), clients_of=None, handshake_after=asleep) as endpoint:
        (answer,) = posted(make, (endpoint.url, tls(authority)))
        (late,) = posted(make, (endpoint.url, tls(authority)), seconds=asleep / 4)

    assert isinstance(answer, Answer)
    assert answer.phases is not None
    assert answer.phases.tls_ms is not None
    assert answer.phases.connect_ms is not None
    assert answer.phases.tls_ms >= 0.9 * asleep * 1000
    assert answer.phases.connect_ms + (answer.phases.first_byte_ms or 0) < answer.phases.tls_ms
    assert isinstance(late, Failure)
    assert late.outcome is Outcome.TIMEOUT


@TRANSPORTS
def test_certificates_that_cannot_be_used_any_more_are_a_failure_and_no_fault(make: Make, strict: Endpoint) -> None:
    (result,) = posted(make, (strict.url, EndpointTls(certificate="x", key="y", authorities="z")))

    assert isinstance(result, Failure)
    assert result.outcome is Outcome.TLS_ERROR


# What is refused


def broken(pem: str) -> str:
    lines = pem.splitlines()
    return "\n".join([lines[0], *(line[::-1] for line in lines[1:-1]), lines[-1]])


def encrypted(pem: str) -> str:
    key = load_key(pem.encode(), password=None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode()


def refused_ones(authority: Authority) -> dict[str, tuple[EndpointTls, str]]:
    own, other = authority.client("one"), authority.client("other")
    ended = authority.client("ended", ends_in=timedelta(minutes=-5))
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    short = authority.client("weak", key=weak)

    def given(certificate: str, key: str, authorities: str = "") -> EndpointTls:
        return EndpointTls(certificate=certificate, key=key, authorities=authorities)

    return {
        "a certificate without its key": (given(own.certificate, ""), "missing: key"),
        "a key without its certificate": (given("", own.key), "missing: certificate"),
        "a key of another certificate": (given(own.certificate, other.key), "does not belong"),
        "the certificates in the wrong order": (given(authority.pem + own.certificate, own.key), "does not belong"),
        "no certificate": (given("hello", own.key), "no certificate in PEM"),
        "a broken certificate": (given(broken(own.certificate), own.key), "no certificate in PEM"),
        "letters that are none of PEM": (given("é" + own.certificate, own.key), "no certificate in PEM"),
        "no key": (given(own.certificate, "hello"), "no private key in PEM"),
        "a broken key": (given(own.certificate, broken(own.key)), "no private key in PEM"),
        "a key with a passphrase": (given(own.certificate, encrypted(own.key)), "encrypted"),
        "a certificate for a key": (given(own.certificate, own.certificate), "no private key in PEM"),
        "a certificate that has ended": (given(ended.certificate, ended.key), "not valid now"),
        "a key that is too short": (given(short.certificate, short.key), "at least 2048 bits"),
        "no authority": (given("", "", "hello"), "no certificate in PEM"),
        "an authority that has ended": (given("", "", ended.certificate), "not valid now"),
        "too many authorities": (given("", "", authority.pem * 11), "At most 10"),
        "too long a text": (given("", "", "x" * 20_001), "at most 20000"),
        "too long a key": (given(own.certificate, "x" * 20_001), "at most 20000"),
    }


REFUSED = refused_ones(Authority())


@pytest.mark.parametrize("name", REFUSED)
def test_certificates_that_no_connection_could_be_made_with_are_refused_at_once(name: str) -> None:
    given, told = REFUSED[name]
    with pytest.raises(TlsRefused, match=told) as refused:
        checked_tls(given, at=datetime.now(UTC))

    if given.key:
        assert given.key not in str(refused.value)
    assert not given.key or given.key not in repr(given)


@pytest.mark.parametrize("kind", ["P-256", "RSA", "Ed25519"])
def test_the_usual_keys_are_accepted_and_used(kind: str, strict: Endpoint, authority: Authority) -> None:
    key = {
        "P-256": lambda: None,
        "RSA": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
    }[kind]()
    own = tls(authority, authority.client("the notifier", key=key))

    assert checked_tls(own, at=datetime.now(UTC)) == own
    (answer,) = posted(NarrowTransport, (strict.url, own))
    assert isinstance(answer, Answer)


def test_nothing_given_is_nothing() -> None:
    assert checked_tls(EndpointTls(), at=datetime.now(UTC)) is None


# Through the interface


@pytest.mark.parametrize("transport", ["narrow", "aiohttp"])
def test_webhooks_tests_and_exams_go_to_a_strict_endpoint_under_the_subscriptions_certificate(
    transport: str, tmp_path: Path, fake_status: FakeStatus, strict: Endpoint, authority: Authority
) -> None:
    own = authority.client("the notifier")
    dsn = f"sqlite:///{tmp_path / 'notifier.db'}"
    with notifier(dsn, fake_status, transport=transport, keyring=OLD) as service:
        made = service.subscribe(strict.url, tls=fields(authority, own))
        fake_status.record(milestone(1))
        eventually(lambda: len(strict.guests) == 1)
        eventually(lambda: service.deliveries(made)[0]["state"] == "delivered")
        attempt = service.delivery(service.deliveries(made)[0]["id"])["attempts"][0]
        service.call("POST", f"/v1/subscriptions/{made['id']}/test")
        eventually(lambda: len(strict.guests) == 2)
        service.call("POST", f"/v1/subscriptions/{made['id']}/exam")
        eventually(lambda: len(strict.guests) >= 3)
        read = service.call("GET", f"/v1/subscriptions/{made['id']}").text

    assert {guest.name for guest in strict.guests} == {"the notifier"}
    assert (attempt["peer"], attempt["phases"]["tls_version"]) == ("127.0.0.1", "TLSv1.3")
    assert attempt["phases"]["certificate_until"]
    assert made["tls"]["client_certificate"]["subject"] == "CN=the notifier"
    assert [one["subject"] for one in made["tls"]["authorities"]] == ["CN=an authority"]
    assert len(made["tls"]["client_certificate"]["fingerprint"]) == 64
    assert "PRIVATE" not in read
    assert "BEGIN" not in read


def test_the_key_rests_sealed_and_the_ring_turns(
    tmp_path: Path, fake_status: FakeStatus, strict: Endpoint, authority: Authority
) -> None:
    file = tmp_path / "notifier.db"
    own = authority.client("the notifier")
    with notifier(f"sqlite:///{file}", fake_status) as service:
        made = service.subscribe(strict.url, tls=fields(authority, own))
    assert b"PRIVATE KEY" in bytes.fromhex(resting(file))  # the control: without a ring it lies open

    with notifier(f"sqlite:///{file}", fake_status, keyring=OLD) as service:
        service.call("POST", f"/v1/subscriptions/{made['id']}/test")
        eventually(lambda: [guest.name for guest in strict.guests] == ["the notifier"])
    assert b"PRIVATE" not in bytes.fromhex(resting(file))
    assert own.key.splitlines()[1].encode() not in bytes.fromhex(resting(file))


def test_certificates_are_replaced_whole_and_taken_away(
    running_notifier: Notifier, strict: Endpoint, authority: Authority
) -> None:
    made = running_notifier.subscribe(strict.url, tls=fields(authority, authority.client("first")))
    path = f"/v1/subscriptions/{made['id']}"

    kept = running_notifier.call("PATCH", path, json={"description": "the desk", "keeps_answers": False}).json()
    replaced = running_notifier.call("PATCH", path, json={"tls": fields(authority, authority.client("second"))}).json()
    running_notifier.call("POST", f"{path}/test")
    eventually(lambda: [guest.name for guest in strict.guests] == ["second"])
    gone = running_notifier.call("PATCH", path, json={"tls": {}}).json()

    assert kept["tls"]["client_certificate"]["subject"] == "CN=first"
    assert replaced["tls"]["client_certificate"]["subject"] == "CN=second"
    assert gone["tls"] is None


@pytest.mark.parametrize("name", ["a key of another certificate", "a certificate that has ended", "no key"])
def test_the_interface_refuses_them_without_repeating_the_key(
    name: str, running_notifier: Notifier, strict: Endpoint
) -> None:
    given, told = REFUSED[name]
    refused = running_notifier.call(
        "POST",
        "/v1/subscriptions",
        json={"url": strict.url, "tls": {"client_certificate": given.certificate, "client_key": given.key}},
    )

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/tls-refused")
    assert told in refused.json()["detail"]
    assert given.key not in refused.text
    assert running_notifier.call("GET", "/problems/tls-refused").status_code == 200


def test_certificates_for_plain_http_are_refused(
    running_notifier: Notifier, receiver: Receiver, strict: Endpoint, authority: Authority
) -> None:
    given: dict[str, Any] = {"tls": fields(authority, authority.client("the notifier"))}
    refused = running_notifier.call("POST", "/v1/subscriptions", json={"url": receiver.url, **given})
    made = running_notifier.subscribe(strict.url, **given)
    moved = running_notifier.call("PATCH", f"/v1/subscriptions/{made['id']}", json={"url": receiver.url})

    for answer in (refused, moved):
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/tls-refused")


def resting(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        (found,) = connection.execute("SELECT tls FROM dossiers").fetchone()
    connection.close()
    return str(found)
