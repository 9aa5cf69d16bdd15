"""What the notifier shows an endpoint to prove who it is, and whose word it takes for the endpoint's name. Pure.

Endpoints inside a company often ask for a client certificate, or bear one of an authority that no browser knows. Both
are PEM texts of the subscriber's; they rest sealed, and only facts about them are shown again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from treaty_notifier.errors import TlsRefused

MOST_CERTIFICATES = 10
LONGEST_PEM = 20_000
SHORTEST_RSA_BITS = 2048
_BEGIN = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, kw_only=True)
class EndpointTls:
    """PEM texts. ``certificate`` is the notifier's own, before those that lead to its authority, ``key`` belongs to it.

    ``authorities`` are the only ones that the endpoint's certificate may come from; empty for the usual ones.
    """

    certificate: str = ""
    key: str = field(default="", repr=False)
    authorities: str = ""


@dataclass(frozen=True, kw_only=True)
class CertificateFacts:
    """``fingerprint`` is SHA-256 over the whole certificate, in hex."""

    subject: str
    fingerprint: str
    ends_at: datetime


def checked_tls(tls: EndpointTls, *, at: datetime) -> EndpointTls | None:
    """The texts themselves; None when all are empty.

    Raises:
        TlsRefused: one of them cannot be read, has ended, or does not belong to the others.
    """
    if not tls.certificate and not tls.key and not tls.authorities:
        return None
    if bool(tls.certificate) != bool(tls.key):
        lacks = "key" if tls.certificate else "certificate"
        raise TlsRefused(f"A client certificate and its private key go together (missing: {lacks}); give both or none")
    if tls.certificate:
        own, *_ = _checked("certificate", tls.certificate, at=at)
        _check_key(own, tls.key)
    if tls.authorities:
        _checked("authorities", tls.authorities, at=at)
    return tls


@lru_cache(1_000)
def certificate_facts(pem: str) -> tuple[CertificateFacts, ...]:
    """One for each certificate of a text that was checked before."""
    return tuple(
        CertificateFacts(
            subject=one.subject.rfc4514_string()[:200],
            fingerprint=one.fingerprint(SHA256()).hex(),
            ends_at=one.not_valid_after_utc,
        )
        for one in (x509.load_pem_x509_certificates(pem.encode()) if pem else [])
    )


def tls_document(tls: EndpointTls) -> dict[str, str]:
    return {"certificate": tls.certificate, "key": tls.key, "authorities": tls.authorities}


def _checked(name: str, pem: str, *, at: datetime) -> Sequence[x509.Certificate]:
    if len(pem) > LONGEST_PEM:
        raise TlsRefused(f"A PEM text holds at most {LONGEST_PEM} characters (field: {name}, given: {len(pem)})")
    if pem.count(_BEGIN) > MOST_CERTIFICATES:
        raise TlsRefused(f"At most {MOST_CERTIFICATES} certificates stand in one text (field: {name}); leave out some")
    try:
        found = x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError as error:
        raise TlsRefused(
            f"That is no certificate in PEM (field: {name}); it begins with {_BEGIN} and is not changed in any letter"
        ) from error
    for one in found:
        if one.not_valid_after_utc <= at or one.not_valid_before_utc > at:
            raise TlsRefused(
                f"A certificate is not valid now (field: {name}, subject: {one.subject.rfc4514_string()[:100]}, valid "
                f"from {one.not_valid_before_utc:%Y-%m-%d} until {one.not_valid_after_utc:%Y-%m-%d}); give one that is"
            )
    return found


def _check_key(certificate: x509.Certificate, pem: str) -> None:
    key = _private_key(pem)
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < SHORTEST_RSA_BITS:
        raise TlsRefused(
            f"An RSA key has at least {SHORTEST_RSA_BITS} bits (given: {key.key_size}); make a longer one, or one of "
            "P-256 or Ed25519"
        )
    shown, kept = (
        one.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for one in (certificate.public_key(), key.public_key())
    )
    if shown != kept:
        raise TlsRefused(
            "The private key does not belong to the first certificate (subject: "
            f"{certificate.subject.rfc4514_string()[:100]}); put the certificate of this key before the others"
        )


_Signs = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
_SIGNS = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)


def _private_key(pem: str) -> _Signs:
    """Never says anything of what it was given."""
    if len(pem) > LONGEST_PEM:
        raise TlsRefused(f"A PEM text holds at most {LONGEST_PEM} characters (field: key, given: {len(pem)})")
    try:
        key: PrivateKeyTypes = load_pem_private_key(pem.encode("ascii"), password=None)
    except TypeError:
        raise TlsRefused(
            "The private key is encrypted (field: key); give it without a passphrase, it rests sealed here"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise TlsRefused("That is no private key in PEM (field: key); give PKCS#8, or what openssl made") from None
    if isinstance(key, dsa.DSAPrivateKey) or not isinstance(key, _SIGNS):
        raise TlsRefused("A private key is of RSA, of an elliptic curve, or Ed25519 (field: key); make one of these")
    return key
