"""The status service as the command line speaks to it: one request, one document or one refusal."""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self

import httpx

from treaty_status.cli.exits import Refused, Unreachable

ATTEMPTS: Final = 3
PAUSE_SECONDS: Final = 0.5
TIMEOUT_SECONDS: Final = 30.0
LONGEST_WAIT_SECONDS: Final = 20
"""How long the feed may hold a question; shorter than the time-out."""
HERE: Final = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None}
"""A service on this machine is never asked through a proxy."""


class Service:
    """A service at an address, with a key where one is needed. Reading and repeating under one key is safe."""

    def __init__(self, url: str, *, key: str | None = None) -> None:
        self._url = url
        self._client = httpx.Client(base_url=url, headers=authorized(key), timeout=TIMEOUT_SECONDS, mounts=HERE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def get(self, path: str, **params: Any) -> Any:
        """The document at a path; parameters that are None are left out.

        Raises:
            Refused: the service said no.
            Unreachable: nobody answered.
        """
        return self._answer("GET", path, params=_given(params)).json()

    def lines(self, path: str, **params: Any) -> Iterator[str]:
        """The lines of an NDJSON document."""
        found = self._answer("GET", path, params=_given(params), headers={"accept": "application/x-ndjson"})
        return (line for line in found.text.splitlines() if line)

    def post(self, path: str, body: dict[str, Any], *, headers: dict[str, str] | None = None, **params: Any) -> Any:
        """What the service answers to a body."""
        return self._answer("POST", path, json=body, headers=headers or {}, params=_given(params)).json()

    def put(self, path: str, body: dict[str, Any], *, headers: dict[str, str] | None = None, **params: Any) -> Any:
        """What the service answers to a whole that is to stand at a path."""
        return self._answer("PUT", path, json=body, headers=headers or {}, params=_given(params)).json()

    def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self._client.request(method, path, **request)
            except httpx.TransportError as error:
                if attempt == ATTEMPTS:
                    raise Unreachable(nobody_answers(self._url)) from error
            except httpx.InvalidURL as error:
                raise Unreachable(f"This is no address of a service: {self._url}") from error
            else:
                if response.status_code != httpx.codes.SERVICE_UNAVAILABLE or attempt == ATTEMPTS:
                    return accepted(response)
            time.sleep(PAUSE_SECONDS * attempt)
        raise Unreachable(nobody_answers(self._url))


def authorized(key: str | None) -> dict[str, str]:
    """The header that carries a key."""
    return {} if key is None else {"authorization": f"Bearer {key}"}


def nobody_answers(url: str) -> str:
    """Why nothing came back, and what to do."""
    return f"Nobody answers at {url}. Start the service with treaty-status serve, or name it with --url or TREATY_URL."


def accepted(response: httpx.Response) -> httpx.Response:
    """The response, if the service did what was asked.

    Raises:
        Refused: it did not; the problem document says why.
    """
    if response.is_success:
        return response
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {"title": "Not understood", "detail": f"The service answered {response.status_code} without reasons."}
    raise Refused(response.status_code, problem)


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
