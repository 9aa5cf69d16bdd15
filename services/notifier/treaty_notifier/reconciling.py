"""The command ``reconcile``: files in, what was missing out, a balance and an exit code."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from treaty_notifier.holdings import HoldingsUnreadable, read
from treaty_notifier.reconciliation import CannotReconcile, Reconciled, Source, post_again, reconcile
from treaty_notifier.shelf import Shelf
from treaty_notifier.webhook_signature import secret_bytes

WHOLE, LACKING, CANNOT_RUN = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for on the command line."""

    url: str
    subscription: str
    key: str
    have: tuple[Path, ...]
    state: Path | None
    post: str | None
    secret: str | None
    as_json: bool


def run(wanted: Wanted) -> int:
    """The exit code: 0 nothing was missing, 1 something was, 2 it cannot be done."""
    try:
        done = _reconciled(wanted)
    except (CannotReconcile, HoldingsUnreadable, OSError, ValueError) as fault:
        sys.stderr.write(f"Nothing was reconciled to the end. {fault}\n")
        return CANNOT_RUN
    sys.stderr.write(_told(done, as_json=wanted.as_json) + "\n")
    return WHOLE if done.is_whole else LACKING


def _reconciled(wanted: Wanted) -> Reconciled:
    shelf = None if wanted.state is None else Shelf(wanted.state)
    held = read(_lines([*wanted.have, *([] if wanted.state is None else [wanted.state])]))
    with ExitStack() as stack:
        client = stack.enter_context(
            httpx.Client(base_url=wanted.url, headers={"authorization": f"Bearer {wanted.key}"}, trust_env=False)
        )
        sinks: list[Callable[[Mapping[str, object]], None]] = []
        if wanted.post is not None:
            sinks.append(_poster(stack.enter_context(httpx.Client(trust_env=False, timeout=30)), wanted))
        if shelf is not None:
            sinks.append(lambda message: _keep(shelf, message))
        if not sinks:
            sinks.append(_print)

        def take(message: Mapping[str, object]) -> None:
            for sink in sinks:
                sink(message)

        return reconcile(held, Source(client=client, subscription=wanted.subscription), take=take)


def _poster(client: httpx.Client, wanted: Wanted) -> Callable[[Mapping[str, object]], None]:
    if not wanted.secret:
        raise CannotReconcile("What is posted has to be signed; give the subscription's secret with --secret")
    url, secret = wanted.post or "", secret_bytes(wanted.secret)
    return lambda message: post_again(client, url, message, secret=secret, now_seconds=time.time())


def _keep(shelf: Shelf, message: Mapping[str, object]) -> None:
    shelf.keep(message)


def _print(message: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")


def _lines(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            with file.open(encoding="utf-8") as lines:
                yield from lines


def _told(done: Reconciled, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            {
                "whole": done.is_whole,
                "head": done.head,
                "fetched": done.fetched,
                "gaps": [{"from": gap.first, "to": gap.last} for gap in done.gaps],
                "conflicts": list(done.conflicts),
            }
        )
    if done.is_whole:
        return f"Whole: everything up to number {done.head} is held."
    said = [f"Does not fit: {conflict}" for conflict in done.conflicts]
    if done.fetched:
        gaps = ", ".join(str(gap) for gap in done.gaps)
        said.append(f"Missing and fetched: {gaps} ({done.fetched} of {done.head}).")
    return "\n".join(said)
