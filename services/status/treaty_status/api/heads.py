"""HEAD is GET without the body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadIsGet:
    """Answers HEAD on every GET route with the same header fields and nothing else.

    A route that would answer for a long time sees ``asked_head`` in its scope and can be short.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET", "asked_head": True}, receive, without_body)
