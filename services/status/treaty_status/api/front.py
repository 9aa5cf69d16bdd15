"""The two busiest roads, short: a treaty's document that is at hand, and an act to record.

They stand in front of the framework and do exactly what its routes of the same address do; whatever they do not answer
themselves goes on to those. A framework's own work would cost either several times what it costs here.
"""

from collections import OrderedDict
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from treaty_status.api import orders
from treaty_status.api.answers import Answer, Question
from treaty_status.api.bodies import ActionBody
from treaty_status.api.conditions import expected_version, idempotency, is_unchanged
from treaty_status.api.intake import decoded, must_be_json, read_body
from treaty_status.api.problems import problem_of, refusal_of, send_problem
from treaty_status.api.receipts import created_status, receipt_body, receipt_headers
from treaty_status.api.recording import ACTION
from treaty_status.api.short_queries import clocks_of
from treaty_status.api.surface import Surface
from treaty_status.api.telling import Address, answered, document_headers
from treaty_status.application.documents import status_document
from treaty_status.application.keys import Scope as KeyScope
from treaty_status.application.submissions import Submission
from treaty_status.domain.treaty import Treaty

TREATIES: Final = "/v1/treaties/"
ACTIONS: Final = "/actions"
MOST_AT_HAND: Final = 4_096
Headers = list[tuple[bytes, bytes]]


class Front:
    """An ASGI application in front of another."""

    def __init__(self, app: ASGIApp, surface: Surface) -> None:
        self._app = app
        self._surface = surface
        self._at_hand: OrderedDict[str, tuple[Answer, Headers]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith(TREATIES):
                method = scope["method"]
                if method == "POST":
                    if path.endswith(ACTIONS) and not scope["query_string"]:
                        await self._record(path[len(TREATIES) : -len(ACTIONS)], scope, receive, send)
                        return
                elif method == "GET" or method == "HEAD":  # noqa: PLR1714 - twice as fast
                    treaty = path[len(TREATIES) :]
                    of_treaty = "/" not in treaty
                    if of_treaty and not scope["query_string"]:
                        done = await self._read(treaty, method, scope, send)
                    else:
                        done = await self._again(method, scope, send)
                        if not done and of_treaty:
                            done = await self._read_then(treaty, method, scope, send)
                    if done:
                        return
            await self._app(scope, receive, self._counted(send))
            return
        await self._app(scope, receive, send)

    def _counted(self, send: Send) -> Send:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._surface.metrics.answered("other", message["status"])()
            await send(message)

        return counted

    # ---- GET --------------------------------------------------------------------------------------------------------
    async def _read(self, treaty: str, method: str, scope: Scope, send: Send) -> bool:
        """Answer from what is at hand; False where the log would have to be asked."""
        surface = self._surface
        known = surface.desk.treaties.kept(treaty)
        if known is None or not isinstance(known.state, Treaty) or known.state.closed:
            return False
        kept = self._at_hand.get(treaty)
        if (
            kept is None
            or not surface.answers.is_current(kept[0], known)
            or kept[0].as_of != surface.answers.today(known.state)
        ):
            try:
                answer = await surface.answers.answer(Question("", treaty, part=""), status_document)
            except Exception:  # noqa: BLE001 - the framework's route meets it again, and tells it as a problem
                return False
            kept = answer, _document_headers(answer)
            self._at_hand[treaty] = kept
            if len(self._at_hand) > MOST_AT_HAND:
                self._at_hand.popitem(last=False)
        await self._tell(kept[0], kept[1], method, scope, send)
        return True

    async def _again(self, method: str, scope: Scope, send: Send) -> bool:
        """Answer what was asked before at this very address, while it would be the same; else False."""
        kept = self._surface.at_hand.find(scope["path"], scope["query_string"])
        if kept is None:
            return False
        await self._tell(kept.answer, kept.headers, method, scope, send)
        return True

    async def _read_then(self, treaty: str, method: str, scope: Scope, send: Send) -> bool:
        """Answer for another day or another state of the record; False where the framework has to look at it."""
        surface = self._surface
        clocks = clocks_of(scope["query_string"], edition=surface.answers.edition)
        if clocks is None:
            return False
        address = Address(scope["path"], scope["query_string"])
        try:
            kept = await answered(surface, address, clocks, clocks.question(treaty, ""), status_document)
        except Exception:  # noqa: BLE001 - the framework's route meets it again, and tells it as a problem
            return False
        await self._tell(kept.answer, kept.headers, method, scope, send)
        return True

    async def _tell(self, answer: Answer, headers: Headers, method: str, scope: Scope, send: Send) -> None:
        surface = self._surface
        for name, value in scope["headers"]:
            if name == b"if-none-match" and is_unchanged(value.decode("latin-1"), answer.etag):
                surface.metrics.answered("document", 304)()
                await send({"type": "http.response.start", "status": 304, "headers": headers[1:]})
                await send({"type": "http.response.body", "body": b""})
                return
        surface.metrics.answered("document", 200)()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})

    # ---- POST -------------------------------------------------------------------------------------------------------
    async def _record(self, treaty: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, headers, body = await self._recorded(treaty, scope, receive)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered as the framework's routes answer it
            problem = problem_of(refusal_of(error))
            self._surface.metrics.answered("record", problem.status)()
            await send_problem(send, problem)
            return
        self._surface.metrics.answered("record", status)()
        told = [(name.encode(), value.encode()) for name, value in headers.items()]
        told.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": body})

    async def _recorded(self, treaty: str, scope: Scope, receive: Receive) -> tuple[int, dict[str, str], bytes]:
        surface = self._surface
        given = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _READ}
        key = await surface.access.opened(given.get(b"authorization"), KeyScope.RECORD)
        raw = await read_body(receive, declared=given.get(b"content-length"), limit_bytes=surface.body_limit_bytes)
        must_be_json(given.get(b"content-type"))
        body: ActionBody = decoded(raw, ACTION)
        once = given.get(b"idempotency-key")
        submission = Submission(
            order=orders.act(body, treaty=treaty, registry=surface.desk.registry),
            by=f"key:{key.name}",
            idempotency=None
            if once is None
            else idempotency(once, key=key, treaty=treaty, what=f"POST {scope['path']}", body=orders.canonical(body)),
            expected_version=expected_version(given.get(b"if-match")),
        )
        with surface.metrics.recorded.time():
            receipt = await surface.desk.writer.submit(submission)
        return created_status(receipt), receipt_headers(receipt), receipt_body(receipt)


_READ: Final = frozenset({b"authorization", b"content-length", b"content-type", b"idempotency-key", b"if-match"})


def _document_headers(answer: Answer) -> Headers:
    """The length comes first, so that 304 can leave it out."""
    told = [(name.encode(), value.encode()) for name, value in document_headers(answer).items()]
    return [(b"content-length", str(len(answer.body)).encode()), *told]
