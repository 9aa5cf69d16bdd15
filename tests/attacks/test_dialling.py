"""Checks 1, 3 to 6, 10 to 12, 18, 21 and 22 of the list (B.1), each with the attack that works without it."""

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.attacks.attack_world import (
    NO_CONTENT,
    PUBLIC,
    SOMEBODY,
    TRANSPORTS,
    Dials,
    Listener,
    Make,
    Names,
    Transport,
    guarded,
    run,
    unguarded,
    with_transport,
)
from tests.services.notifier_world import FakeStatus, notifier
from treaty_notifier.custom_headers import checked_headers
from treaty_notifier.deliveries import Answer, Failure, Outcome
from treaty_notifier.errors import EndpointRefused, HeaderRefused
from treaty_notifier.sender import AddressPolicy, EndpointRules, NarrowTransport, OutgoingWebhook
from treaty_notifier.sender import guarded as guarded_module
from treaty_notifier.sender import narrow as narrow_module
from treaty_notifier.sender.addresses import networks

BLOCKED = Failure(outcome=Outcome.BLOCKED_ADDRESS)
CERTIFICATE = Path(__file__).parents[1] / "services" / "certificates" / "name_example.pem"


# 1: one parser for whoever judges and whoever dials

REFUSED_FORMS = {
    "another scheme": "ftp://example.org/",
    "a file": "file:///etc/passwd",
    "a dictionary server": "dict://127.0.0.1:11211/",
    "bytes of the caller's own": "gopher://127.0.0.1:6379/_FLUSHALL",
    "plain http where no network is allowed": "http://example.org/",
    "no host": "https:///path",
    "a user": "https://user@example.org/",
    "a user and a password": "https://user:password@example.org/",
    "a host that only looks like one": "https://example.org@127.0.0.1/",
    "a part of a page": "https://example.org/#part",
    "a backslash that ends the host for some": "https://127.0.0.1:18080\\@example.org/",
    "a backslash before the path": "https://example.org\\.evil.example/",
    "a space": "https://exam ple.org/",
    "a line end": "https://example.org/\r\nhost: x",
    "a tab inside the host": "https://exam\tple.org/",
    "a host of 254 characters": "https://" + ".".join(["a" * 60] * 4) + "a" * 11 + "/",
    "the port of a mail server": "https://example.org:25/",
    "the port of a shell": "https://example.org:22/",
    "the port of a cache": "https://example.org:6379/",
    "the port of a database": "https://example.org:5432/",
    "the port of a container engine": "https://example.org:2375/",
    "the port of an orchestrator's agent": "https://example.org:10250/",
    "no port at all": "https://example.org:0/",
    "more than there are ports": "https://example.org:65536/",
    "a number for an address": "https://2130706433/",
    "an address in parts": "https://127.1/",
}


@TRANSPORTS
@pytest.mark.parametrize("form", REFUSED_FORMS)
def test_an_address_of_a_bad_form_is_refused_at_creation_and_at_the_dial(make: Make, form: str, dials: Dials) -> None:
    url = REFUSED_FORMS[form]

    with pytest.raises(EndpointRefused):
        EndpointRules(PUBLIC).checked(url)
    assert guarded(make, url, policy=PUBLIC) == BLOCKED
    assert dials.recorded == []


def test_two_parsers_disagree_about_a_backslash_and_the_attacker_chooses() -> None:
    """The control: judged by one client's parser it is a public host, dialled by a browser's it is this machine."""
    with Listener() as listener:
        url = f"http://127.0.0.1:{listener.port}\\@{SOMEBODY}/"
        judged = httpx.URL(url).host
        # The URL Standard, 4.4: in an http address a backslash is a slash.
        dialled = urlsplit(url.replace("\\", "/"))

        assert PUBLIC.admits(judged)
        assert dialled.hostname == "127.0.0.1"
        assert unguarded(dialled.geturl()).status_code == 204


@TRANSPORTS
@pytest.mark.parametrize("form", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"])
def test_a_name_is_looked_up_as_it_is_written_in_the_host_field(make: Make, form: str) -> None:
    """International names go through the same parser for the look-up, the certificate and the field."""
    names = Names(**{"xn--bcher-kva": [["127.0.0.1"]]})
    with Listener() as listener:
        answer = guarded(make, f"http://{form}:{listener.port}/", names=names)

        assert isinstance(answer, Answer)
        assert names.asked == ["xn--bcher-kva.example"]
        assert f"host: xn--bcher-kva.example:{listener.port}\r\n".encode() in listener.requests[0].lower()


# 3 to 5: looked up once for each dial, all answers judged, and dialled is what was judged


@TRANSPORTS
def test_one_bad_address_among_good_ones_refuses_the_name(make: Make, dials: Dials) -> None:
    for answers in ([SOMEBODY, "127.0.0.1"], ["127.0.0.1", SOMEBODY], [SOMEBODY, "::1"], [SOMEBODY, "fe80::1%lo"]):
        assert guarded(make, "https://mixed.example/", policy=PUBLIC, names=Names(mixed=[answers])) == BLOCKED
    assert dials.recorded == []


def test_judging_only_the_first_of_several_answers_lets_the_dialler_choose_the_other(dials: Dials) -> None:
    """The control: the first is public and does not answer, and a client that goes on arrives inside."""
    answers = [SOMEBODY, "127.0.0.1"]
    with Listener() as listener:
        assert PUBLIC.admits(answers[0])
        reached = []
        for address in answers:  # as every client does: the next address where one does not answer
            try:
                unguarded(f"http://{address}:{listener.port}/")
            except httpx.ConnectError:
                continue
            reached.append(address)

    assert reached == ["127.0.0.1"]
    assert dials.strangers == [SOMEBODY]


@TRANSPORTS
def test_a_name_that_changes_its_mind_is_dialled_only_where_it_was_judged(make: Make, dials: Dials) -> None:
    names = Names(rebinding=[[SOMEBODY], ["127.0.0.1"]])

    first = guarded(make, "https://rebinding.example/", policy=PUBLIC, names=names)
    second = guarded(make, "https://rebinding.example/", policy=PUBLIC, names=names)

    assert first == Failure(outcome=Outcome.CONNECT_ERROR)  # the recorded dial refused it
    assert second == BLOCKED
    assert dials.recorded == [SOMEBODY]
    assert names.asked == ["rebinding.example"] * 2  # once for each dial


def test_judging_first_and_dialling_the_name_again_arrives_inside() -> None:
    """The control: check, then fetch by name, with a name that answers something else the second time."""
    names = Names(rebinding=[[SOMEBODY], ["127.0.0.1"]])

    async def naive(port: int) -> int:
        assert all(PUBLIC.admits(one) for one in await names.addresses("rebinding.example", port))
        (address,) = await names.addresses("rebinding.example", port)
        return unguarded(f"http://{address}:{port}/").status_code

    with Listener() as listener:
        assert run(lambda: naive(listener.port)) == 204
        assert len(listener.requests) == 1


@TRANSPORTS
def test_the_certificate_and_the_host_field_are_of_the_name_and_the_dial_is_of_the_address(
    make: Make, dials: Dials
) -> None:
    names = Names(name=[["127.0.0.1"]], other=[["127.0.0.1"]])
    with tls_listener() as (port, asked_for, requests):
        context = ssl.create_default_context(cafile=CERTIFICATE)

        async def both(transport: Transport) -> list[Answer | Failure]:
            return [
                await transport.send(
                    OutgoingWebhook(url=f"https://{name}.example:{port}/", headers={}, body=b"{}"), deadline_seconds=5
                )
                for name in ("name", "other")
            ]

        good, other = with_transport(make, both, names=names, tls=context)

    assert isinstance(good, Answer)
    assert isinstance(other, Failure)
    assert other.outcome is Outcome.TLS_ERROR
    assert asked_for == ["name.example", "other.example"]
    assert dials.recorded == ["127.0.0.1", "127.0.0.1"]
    assert f"host: name.example:{port}\r\n".encode() in requests[0].lower()


def test_dialling_the_judged_address_by_its_number_would_ask_for_the_wrong_certificate() -> None:
    """The control: a client that puts the address into the URL has no name to check the certificate against."""
    with tls_listener() as (port, asked_for, requests):
        context = ssl.create_default_context(cafile=CERTIFICATE)
        with httpx.Client(verify=context, trust_env=False) as client:
            client.post(f"https://127.0.0.1:{port}/")

    assert asked_for == [None]
    assert b"name.example" not in requests[0]


# 6: where the connection leads is asked of the connection, too


@TRANSPORTS
def test_a_public_address_that_leads_to_this_machine_is_told_nothing(make: Make, dials: Dials) -> None:
    """A network may lead a public address inside; the verdict was about the number that was dialled."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    outgoing = OutgoingWebhook(url="https://name.example/", headers={}, body=b"{}")
    with tls_listener() as (port, asked_for, requests):
        dials.led[SOMEBODY] = port
        result = with_transport(
            make,
            lambda transport: transport.send(outgoing, deadline_seconds=5),
            policy=PUBLIC,
            names=Names(name=[[SOMEBODY]]),
            tls=context,
        )

        assert isinstance(result, Failure)
        assert result.outcome is Outcome.BLOCKED_ADDRESS
        assert requests == []
        assert asked_for == ([] if make is NarrowTransport else ["name.example"])  # ours does not even say hello
        # The control: a client that asks only before it dials has delivered by then.
        with httpx.Client(verify=context, trust_env=False) as client:
            client.post(f"https://{SOMEBODY}:443/", extensions={"sni_hostname": "name.example"})
        assert len(requests) == 1


@TRANSPORTS
def test_an_inner_address_that_leads_elsewhere_inside_is_told_nothing(make: Make, dials: Dials) -> None:
    with Listener() as listener:
        dials.led["10.1.1.1"] = listener.port
        result = guarded(
            make,
            "http://led.example/",
            policy=AddressPolicy(networks(("10.0.0.0/8",))),
            names=Names(led=[["10.1.1.1"]]),
        )

        assert isinstance(result, Failure)
        assert result.outcome is Outcome.BLOCKED_ADDRESS
        assert listener.requests == []
        assert unguarded("http://10.1.1.1/").status_code == 204  # the control, as before
        assert len(listener.requests) == 1


# 10: no redirects


@TRANSPORTS
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_kept_and_not_followed(make: Make, status: int) -> None:
    with Listener() as inner, Listener(moved(status, inner.url)) as outer:
        answer = guarded(make, outer.url)

        assert isinstance(answer, Answer)
        assert (answer.status, answer.location) == (status, inner.url)
        assert inner.requests == []
        # The control: a client that follows ends inside, and calls it a success.
        assert unguarded(outer.url, follow=True).status_code == 204
        (arrived,) = inner.requests
        assert arrived.startswith(b"GET " if status in (301, 302, 303) else b"POST ")


# 11: the environment does not decide


@TRANSPORTS
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_gets_nothing(make: Make, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for no in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(no, raising=False)
    with Listener() as proxy, Listener() as endpoint:
        monkeypatch.setenv(name, proxy.url)

        assert isinstance(guarded(make, endpoint.url), Answer)
        assert (len(endpoint.requests), len(proxy.requests)) == (1, 0)
        if name == "HTTP_PROXY":
            return  # some clients do not heed it in capitals, because a web server may set it from a request
        # The control: an ordinary client gives its request to the proxy.
        unguarded(endpoint.url, trust_env=True)
        assert len(proxy.requests) == 1


@TRANSPORTS
def test_credentials_and_authorities_of_the_environment_are_not_used(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password of-the-operator\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with Listener() as endpoint:
        guarded(make, endpoint.url)
        assert b"authorization" not in endpoint.requests[0].lower()
        # The control: a client that asks the environment gives the operator's password to a stranger.
        with httpx.Client(auth=httpx.NetRCAuth(str(netrc)), trust_env=True) as client:
            client.post(endpoint.url)
        assert b"authorization" in endpoint.requests[1].lower()


def test_a_proxy_in_the_environment_is_told_of_at_the_start_and_not_used(
    sqlite_dsn: str, fake_status: FakeStatus, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with caplog.at_level(logging.WARNING), notifier(sqlite_dsn, fake_status):
        pass

    (told,) = [one for one in caplog.records if "proxy" in one.message]
    assert getattr(told, "facts", None) == {"variables": ["HTTPS_PROXY"]}
    assert "proxy.example" not in caplog.text


# 12: no other ways in


@TRANSPORTS
@pytest.mark.parametrize("url", ["http+unix://%2Ftmp%2Fa.sock/", "unix:/tmp/a.sock", "http://unix:/tmp/a.sock:/path"])
def test_a_socket_of_the_file_system_is_no_endpoint(make: Make, url: str, dials: Dials) -> None:
    result = guarded(make, url)

    assert isinstance(result, Failure)
    assert result.outcome in (Outcome.BLOCKED_ADDRESS, Outcome.DNS_ERROR)  # the last is a host of the name unix
    assert dials.recorded == []


def test_an_ordinary_client_speaks_to_a_socket_of_the_file_system(tmp_path: Path) -> None:
    """The control: what listens there thinks that only this machine's own people can come."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        threading.Thread(target=answer_once, args=(server,), daemon=True).start()
        with httpx.Client(transport=httpx.HTTPTransport(uds=path)) as client:
            assert client.post("http://engine/containers/create").status_code == 204


@pytest.mark.parametrize("field", ["local_address", "interface", "uds", "proxy", "resolver"])
def test_a_subscriber_cannot_say_from_where_or_through_what_is_dialled(
    sqlite_dsn: str, fake_status: FakeStatus, field: str
) -> None:
    with Listener() as endpoint, notifier(sqlite_dsn, fake_status) as service:
        refused = service.call("POST", "/v1/subscriptions", json={"url": endpoint.url, field: "127.0.0.2"})

    assert refused.status_code == 422
    assert field in refused.text


# 18: fields of the subscriber's own


@pytest.mark.parametrize(
    "name",
    [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "te",
        "upgrade",
        "expect",
        "trailer",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "webhook-id",
        "webhook-signature",
        "signature",
        "signature-input",
        "content-type",
        "content-encoding",
        "user-agent",
    ],
)
def test_a_field_that_frames_or_signs_is_refused_in_any_letters(name: str) -> None:
    for written in (name, name.upper(), name.title()):
        with pytest.raises(HeaderRefused):
            checked_headers({written: "internal"})


@pytest.mark.parametrize("value", ["a\r\nhost: internal", "a\nhost: internal", "a\rb", "a\0b", "\u010d\u010ahost: x"])
def test_a_value_of_two_lines_is_refused(value: str) -> None:
    with pytest.raises(HeaderRefused):
        checked_headers({"x-token": value})


@TRANSPORTS
@pytest.mark.parametrize("value", ["a\r\nx-smuggled: 1", "a\nx-smuggled: 1", "a\r\n\r\nPOST /admin HTTP/1.1\r\n"])
def test_the_transport_itself_writes_no_second_line(make: Make, value: str) -> None:
    """A second belt: whatever would come past the check of the fields."""

    async def send(transport: Transport) -> Answer | Failure:
        outgoing = OutgoingWebhook(url=endpoint.url, headers={"x-token": value}, body=b"{}")
        return await transport.send(outgoing, deadline_seconds=5)

    with Listener() as endpoint:
        assert isinstance(with_transport(make, send), Failure)
        assert endpoint.requests == []


def test_an_ordinary_client_writes_the_callers_host_field() -> None:
    """The control: a virtual host of somebody else's is addressed through an address that was judged."""
    with Listener() as endpoint:
        unguarded(endpoint.url, headers={"host": "internal.example"})

        assert b"host: internal.example" in endpoint.requests[0].lower()


# 21: what is kept


@TRANSPORTS
def test_a_kept_connection_stays_with_the_peer_that_was_judged(make: Make, dials: Dials) -> None:
    names = Names(moving=[["127.0.0.1"], ["10.0.0.1"]])
    with Listener() as endpoint:
        answer = guarded(make, f"http://moving.example:{endpoint.port}/", names=names, times=3)

        assert isinstance(answer, Answer)
        assert answer.peer == "127.0.0.1"
        assert (endpoint.connections, len(endpoint.requests)) == (1, 3)
        assert names.asked == ["moving.example"]  # nobody was asked again, so nobody could answer otherwise
        # The control: a new connection asks again, and is judged again.
        assert guarded(make, f"http://moving.example:{endpoint.port}/", names=names) == BLOCKED
    assert dials.strangers == []


@TRANSPORTS
def test_a_connection_that_is_too_old_is_not_used_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy its lane is: a name that has moved is looked up again by then."""
    names = Names(moving=[["127.0.0.1"]])
    for module in (narrow_module, guarded_module):
        assert module.CONNECTION_LIFE_SECONDS == 300
        monkeypatch.setattr(module, "CONNECTION_LIFE_SECONDS", -1.0)
    with Listener() as endpoint:
        answer = guarded(make, f"http://moving.example:{endpoint.port}/", names=names, times=3)

        assert isinstance(answer, Answer)
        assert (endpoint.connections, len(names.asked)) == (3, 3)


@TRANSPORTS
def test_a_connection_that_slept_too_long_is_not_used_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (narrow_module, guarded_module):
        assert module.KEEP_ALIVE_SECONDS == 15
        monkeypatch.setattr(module, "KEEP_ALIVE_SECONDS", -1.0)
    with Listener() as endpoint:
        guarded(make, endpoint.url, times=3)

        assert endpoint.connections == 3


@TRANSPORTS
def test_what_comes_on_a_kept_connection_unasked_does_not_answer_the_next_request(make: Make) -> None:
    """Else an endpoint could answer for another behind the same address, before it was asked."""
    unasked = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

    async def twice(transport: Transport) -> list[Answer | Failure]:
        results = []
        for _ in range(2):
            outgoing = OutgoingWebhook(url=f"http://127.0.0.1:{port}/", headers={}, body=b"{}")
            results.append(await transport.send(outgoing, deadline_seconds=5))
            said.set()
            while not heard.is_set():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.02)
        return results

    said, heard, connections = threading.Event(), threading.Event(), []

    def serve(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                connections.append(connection)
                connection.recv(65536)
                connection.sendall(NO_CONTENT)
                if len(connections) == 1:
                    said.wait(5)
                    connection.sendall(unasked)
                    heard.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        results = with_transport(make, twice)
        server.shutdown(socket.SHUT_RDWR)
        for connection in connections:
            connection.close()

    assert [one.status for one in results if isinstance(one, Answer)] == [204, 204]
    assert len(connections) == 2


# 22: what the operator allows is said


def test_what_the_operator_allows_is_said_at_the_start_and_counted(
    sqlite_dsn: str, fake_status: FakeStatus, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), notifier(sqlite_dsn, fake_status, allow_networks="127.0.0.0/8") as service:
        with Listener() as endpoint:
            made = service.subscribe(endpoint.url)
            service.call("POST", f"/v1/subscriptions/{made['id']}/exam")
        told = service.call("GET", "/metrics", key=None).text

    (warned,) = [one for one in caplog.records if "networks are allowed" in one.message]
    assert getattr(warned, "facts", None) == {"networks": "127.0.0.0/8"}
    assert "treaty_notifier_allowed_networks 1.0" in told
    assert "treaty_notifier_exempt_connections_total 1.0" in told


def test_by_default_nothing_of_the_inside_is_allowed_and_nothing_is_said(
    sqlite_dsn: str, fake_status: FakeStatus, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING),
        Listener() as endpoint,
        notifier(sqlite_dsn, fake_status, allow_networks="") as service,
    ):
        for url in (endpoint.url, endpoint.url.replace("http:", "https:"), f"https://localhost:{endpoint.port}/"):
            refused = service.call("POST", "/v1/subscriptions", json={"url": url})
            assert (refused.status_code, refused.json()["type"]) == (422, "/problems/endpoint-refused")
        told = service.call("GET", "/metrics", key=None).text

        assert endpoint.connections == 0
    assert not [one for one in caplog.records if "networks are allowed" in one.message]
    assert "treaty_notifier_allowed_networks 0.0" in told


def moved(status: int, location: str) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode()


def answer_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(NO_CONTENT)


@contextlib.contextmanager
def tls_listener() -> Iterator[tuple[int, list[str | None], list[bytes]]]:
    """Answers 204 with the certificate of name.example; the names that it was asked for, and what it was sent."""
    asked_for: list[str | None] = []
    requests: list[bytes] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                    secured.settimeout(5)
                    requests.extend(came for came in [secured.recv(65536)] if came)
                    secured.sendall(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], asked_for, requests
        server.shutdown(socket.SHUT_RDWR)
