"""The receiver's side of both schemes: any one right signature is enough, and it is said which."""

import pytest

from treaty_notifier.ed25519 import entry_of, jwk, keys_of, public_bytes
from treaty_notifier.endpoint_options import Scheme
from treaty_notifier.proof import Trust, proved_by
from treaty_notifier.webhook_signature import Signer, WebhookSignatureRefused

NOW = 1_795_255_440
OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32
BODY = b'{"type":"treaty.threshold.reached"}'
KEY = {seed: public_bytes(seed) for seed in (OLD, NEW, FOREIGN)}


def signed(*, secrets: tuple[bytes, ...] = (NEW,), seeds: tuple[bytes, ...] = (NEW,)) -> dict[str, str]:
    return Signer(secrets, keys=[entry_of(seed) for seed in seeds]).headers(
        webhook_id="msg_a", timestamp=NOW, body=BODY
    )


def proof(headers: dict[str, str], trust: Trust, *, body: bytes = BODY, now: float = NOW) -> tuple[Scheme, ...]:
    return proved_by(headers, body, trust=trust, now_seconds=now)


def test_it_is_said_which_scheme_proved_it() -> None:
    both = Trust(secrets=(NEW,), keys=(KEY[NEW],))

    assert proof(signed(), both) == (Scheme.V1, Scheme.V1A)
    assert proof(signed(seeds=()), both) == (Scheme.V1,)
    assert proof(signed(secrets=()), both) == (Scheme.V1A,)
    assert proof(signed(), Trust(keys=(KEY[NEW],))) == (Scheme.V1A,)
    assert proof(signed(), Trust(secrets=(FOREIGN,), keys=(KEY[NEW],))) == (Scheme.V1A,)


def test_in_an_overlap_the_old_key_proves_as_the_new_one_does() -> None:
    rotated = signed(secrets=(NEW, OLD), seeds=(NEW, OLD))

    for one in (OLD, NEW):
        assert proof(rotated, Trust(secrets=(one,), keys=(KEY[one],))) == (Scheme.V1, Scheme.V1A)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_is_stale_or_comes_from_the_future_is_proved_by_nothing(seconds: int) -> None:
    with pytest.raises(WebhookSignatureRefused, match="five minutes"):
        proof(signed(), Trust(keys=(KEY[NEW],)), now=NOW + seconds)


def test_an_altered_body_or_id_and_a_stranger_s_key_are_refused_and_so_are_broken_entries() -> None:
    trust = Trust(secrets=(NEW,), keys=(KEY[NEW],))
    for headers, body in (
        (signed(), BODY + b" "),
        (signed() | {"webhook-id": "msg_b"}, BODY),
        (signed(secrets=(FOREIGN,), seeds=(FOREIGN,)), BODY),
        (signed() | {"webhook-signature": "v1a,v1a, v1 v1a,AAAA v2,x \u00e9"}, BODY),
        ({}, BODY),
    ):
        with pytest.raises(WebhookSignatureRefused):
            proof(headers, trust, body=body)


def test_a_v1_entry_is_no_proof_by_a_public_key() -> None:
    """Whoever knows a public key could make an HMAC with it."""
    forged = signed(secrets=(KEY[NEW],), seeds=())

    with pytest.raises(WebhookSignatureRefused, match="public keys"):
        proof(forged, Trust(keys=(KEY[NEW],)))


def test_whoever_believes_nobody_is_shown_no_proof() -> None:
    assert not Trust()
    with pytest.raises(WebhookSignatureRefused):
        proof(signed(), Trust())


def test_a_key_set_is_read_and_keys_of_other_kinds_are_passed_over() -> None:
    other = {"kty": "EC", "crv": "P-256", "x": "…"}

    assert keys_of({"keys": [jwk(KEY[NEW]), other, jwk(KEY[OLD])]}) == (KEY[NEW], KEY[OLD])
    for broken in ({}, [], {"keys": {}}, {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]}):
        with pytest.raises(ValueError, match="key"):
            keys_of(broken)
