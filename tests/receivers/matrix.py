"""What receivers written by other people make of what we sign: thirteen cases, each receiver with each key.

The table is what must come out. ``python -m benchmarks.receivers`` prints what does.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError
from svix.webhooks import Webhook as SvixWebhook

from treaty_notifier.ed25519 import entry_of, public_bytes, public_text
from treaty_notifier.webhook_signature import Signer, secret_text

HERE = Path(__file__).parent
SECONDS = 60
OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32
BODY = '{"type":"treaty.threshold.reached","data":{}}'

#                               with the secret that is   or the public key that is
#                               old    new    foreign     old    new    foreign
EXPECTED = """
plain                           -      ok     -           -      -      -
rotation                        ok     ok     -           ok     ok     -
rotation, turned round          ok     ok     -           ok     ok     -
both schemes                    -      ok     -           -      ok     -
both schemes, turned round      -      ok     -           -      ok     -
v1a alone                       -      -      -           -      ok     -
altered body                    -      -      -           -      -      -
altered id                      -      -      -           -      -      -
six minutes old                 -      -      -           -      -      -
six minutes ahead               -      -      -           -      -      -
four minutes old                -      ok     -           -      ok     -
empty object                    -      ok     -           -      ok     -
letters of every language       -      ok     -           -      ok     -
"""
HOLDERS = {
    "v1": {"old": secret_text(OLD), "new": secret_text(NEW), "foreign": secret_text(FOREIGN)},
    "v1a": {name: public_text(public_bytes(seed)) for name, seed in (("old", OLD), ("new", NEW), ("foreign", FOREIGN))},
}


class NoReceiver(Exception):
    """This machine lacks what the receiver is written in."""


@dataclass(frozen=True)
class Sent:
    """What a receiver holds: a secret or a public key, and a request."""

    key: str
    headers: dict[str, str]
    body: str


Verifier = Callable[[Iterable[Sent]], list[bool]]


@dataclass(frozen=True)
class Case:
    """One way in which a webhook may arrive. ``secrets`` and ``keys`` sign it, in this order."""

    secrets: tuple[bytes, ...] = (NEW,)
    keys: tuple[bytes, ...] = (NEW,)
    body: str = BODY
    age_seconds: int = 0
    is_turned_round: bool = False
    arrives_as: str | None = None
    arrives_under: str = "msg_a"

    def sent(self, key: str) -> Sent:
        signer = Signer(self.secrets, keys=[entry_of(seed) for seed in self.keys])
        timestamp = int(time.time()) - self.age_seconds
        headers = signer.headers(webhook_id="msg_a", timestamp=timestamp, body=self.body.encode())
        if self.is_turned_round:
            entries = headers["webhook-signature"].split(" ")
            headers["webhook-signature"] = " ".join(reversed(entries))
        return Sent(key, headers | {"webhook-id": self.arrives_under}, self.arrives_as or self.body)


CASES = {
    "plain": Case(keys=()),
    "rotation": Case(secrets=(NEW, OLD), keys=(NEW, OLD)),
    "rotation, turned round": Case(secrets=(NEW, OLD), keys=(NEW, OLD), is_turned_round=True),
    "both schemes": Case(),
    "both schemes, turned round": Case(is_turned_round=True),
    "v1a alone": Case(secrets=()),
    "altered body": Case(arrives_as=BODY.replace("reached", "revoked")),
    "altered id": Case(arrives_under="msg_b"),
    "six minutes old": Case(age_seconds=360),
    "six minutes ahead": Case(age_seconds=-360),
    "four minutes old": Case(age_seconds=240),
    "empty object": Case(body="{}"),
    "letters of every language": Case(body='{"title":"Công ước 🖋 条約"}'),
}


def with_python(sent: Iterable[Sent], *, library: Callable[[str], Webhook | SvixWebhook] = Webhook) -> list[bool]:
    def is_genuine(one: Sent) -> bool:
        try:
            library(one.key).verify(one.body, one.headers)
        except WebhookVerificationError:
            return False
        return True

    return [is_genuine(one) for one in sent]


def with_node(sent: Iterable[Sent], *, library: str = "standardwebhooks") -> list[bool]:
    lines = "".join(json.dumps({"library": library, **vars(one)}) + "\n" for one in sent)
    return [line == "verified" for line in node("verify.mjs", lines).splitlines()]


def node(script: str, lines: str) -> str:
    """What a script of this folder answers.

    Raises:
        NoReceiver: there is no node, or its libraries were not installed.
    """
    command = shutil.which("node")
    if command is None or not (HERE / "node_modules" / "svix2").is_dir():
        raise NoReceiver("needs node, and npm ci in tests/receivers")
    told = subprocess.run(
        [command, str(HERE / script)], input=lines, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    return told.stdout


RECEIVERS: Mapping[str, tuple[str, Verifier]] = {
    "PyPI standardwebhooks": ("v1", with_python),
    "PyPI svix": ("v1", partial(with_python, library=SvixWebhook)),
    "npm standardwebhooks": ("v1", with_node),
    "npm svix 1": ("v1", partial(with_node, library="svix")),
    "npm svix 2": ("v1", partial(with_node, library="svix2")),
    "node crypto, HMAC": ("v1", partial(with_node, library="crypto")),
    "node crypto, ed25519": ("v1a", partial(with_node, library="crypto")),
}
"""The scheme that it verifies, and how it is asked."""


def expected(scheme: str) -> dict[tuple[str, str], bool]:
    """Whether (case, whose key) is to be verified."""
    first = 0 if scheme == "v1" else 3
    found = {}
    for line in EXPECTED.strip().splitlines():
        *words, _, _, _, _, _, _ = line.split()
        answers = line.split()[-6:][first : first + 3]
        for holder, answer in zip(("old", "new", "foreign"), answers, strict=True):
            found[" ".join(words), holder] = answer == "ok"
    return found


def said(receiver: str) -> dict[tuple[str, str], bool]:
    """What the receiver says of (case, whose key). Raises NoReceiver."""
    scheme, verifier = RECEIVERS[receiver]
    asked = [(case, holder) for case in CASES for holder in HOLDERS[scheme]]
    answers = verifier(CASES[case].sent(HOLDERS[scheme][holder]) for case, holder in asked)
    return dict(zip(asked, answers, strict=True))
