"""Standard Webhooks 1.0.0, asymmetric scheme ``v1a``: ed25519 over ``{id}.{timestamp}.{body}``.

Source: standard-webhooks, spec/standard-webhooks.md; RFC 8032; RFC 8037 (the key as a JWK) and RFC 7638 (its name).
A receiver that holds only the public key can verify and cannot forge, so what it kept proves years later who sent it.
Pure: the seed of a new key is an argument.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PUBLIC_PREFIX = "whpk_"
SEED_BYTES = 32
_KEYS_KEPT = 10_000  # unpacking a seed costs more than one signature with it


def public_bytes(seed: bytes) -> bytes:
    """The 32 bytes of the public key that belongs to a seed of 32 bytes."""
    found: bytes = _private(seed).public_key().public_bytes_raw()
    return found


def public_text(public: bytes) -> str:
    """The public key as subscribers keep it: ``whpk_`` and base64."""
    return PUBLIC_PREFIX + base64.b64encode(public).decode("ascii")


def public_key(text: str) -> bytes:
    """The 32 bytes inside ``whpk_…``.

    Raises:
        ValueError: not base64, or not 32 bytes long.
    """
    try:
        public = base64.b64decode(text.removeprefix(PUBLIC_PREFIX), validate=True)
    except ValueError as error:
        raise ValueError("A public key is whpk_ followed by base64") from error
    if len(public) != SEED_BYTES:
        raise ValueError(f"A public key holds 32 bytes (bytes: {len(public)})")
    return public


def key_name(public: bytes) -> str:
    """The key's name wherever keys are published: its thumbprint. Source: RFC 7638."""
    members = json.dumps(_members(public), separators=(",", ":"), sort_keys=True).encode()
    return _base64url(hashlib.sha256(members).digest())


def jwk(public: bytes) -> dict[str, str]:
    """The public key as a JSON Web Key. Source: RFC 8037, section 2."""
    return {**_members(public), "kid": key_name(public), "use": "sig", "alg": "EdDSA"}


def keys_of(document: object) -> tuple[bytes, ...]:
    """The ed25519 keys of a JSON Web Key Set; keys of other kinds are passed over.

    Raises:
        ValueError: it is no key set, or a key in it is broken.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("A key set is a JSON object with a list of keys")  # noqa: TRY004  (what was read, not our own)
    return tuple(
        public_key(str(one.get("x", "")).replace("-", "+").replace("_", "/") + "=")
        for one in listed
        if isinstance(one, dict) and (one.get("kty"), one.get("crv")) == ("OKP", "Ed25519")
    )


def entry_of(seed: bytes) -> Callable[[bytes], str]:
    """What turns the signed content into one entry of ``webhook-signature``."""
    key = _private(seed)

    def entry(signed: bytes) -> str:
        signature: bytes = key.sign(signed)
        return "v1a," + base64.b64encode(signature).decode("ascii")

    return entry


def is_genuine(public: bytes, *, signed: bytes, entry: str) -> bool:
    """Whether a ``v1a`` entry was made over ``signed`` by the holder of the key."""
    scheme, _, text = entry.partition(",")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(text, validate=True), signed)
    except (InvalidSignature, ValueError):
        return False
    return scheme == "v1a"


@lru_cache(_KEYS_KEPT)
def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _members(public: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)}


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
