"""An authority of a test's own, and an endpoint that asks for a client certificate."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Credentials:
    """A certificate and its key in PEM."""

    certificate: str
    key: str


class Authority:
    """Gives out certificates; valid for a day unless told otherwise."""

    def __init__(self, name: str = "an authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        public = self._key.public_key()
        self._certificate = (
            _builder(self._name, self._name, public, ends_in=timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, SHA256())
        )
        self.pem = self._certificate.public_bytes(Encoding.PEM).decode()

    def client(self, name: str, *, ends_in: timedelta = timedelta(days=1), key: Key | None = None) -> Credentials:
        return self._given(name, use=ExtendedKeyUsageOID.CLIENT_AUTH, names=[], ends_in=ends_in, key=key)

    def server(self, *hosts: str, ends_in: timedelta = timedelta(days=1)) -> Credentials:
        names = [_host(host) for host in hosts]
        return self._given(hosts[0], use=ExtendedKeyUsageOID.SERVER_AUTH, names=names, ends_in=ends_in, key=None)

    def _given(
        self,
        name: str,
        *,
        use: x509.ObjectIdentifier,
        names: list[x509.GeneralName],
        ends_in: timedelta,
        key: Key | None,
    ) -> Credentials:
        own = key or ec.generate_private_key(ec.SECP256R1())
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        built = (
            _builder(_name(name), self._name, own.public_key(), ends_in=ends_in)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
            .add_extension(identifier, critical=False)
        )
        if names:
            built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Credentials(built.sign(self._key, SHA256()).public_bytes(Encoding.PEM).decode(), key_pem(own))


def key_pem(key: Key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class Guest:
    """One request, and the name in the certificate of whoever sent it."""

    name: str | None
    head: bytes


@dataclass
class Endpoint:
    port: int
    guests: list[Guest] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/hook"


@contextmanager
def endpoint_asking(
    tmp_path: Path, server: Credentials, *, clients_of: Authority | None, handshake_after: float = 0.0
) -> Iterator[Endpoint]:
    """Answers 204 on kept connections, to those who show a certificate of this authority; to all where there is none.

    ``handshake_after`` seconds it takes its time with TLS.
    """
    file = tmp_path / "server.pem"
    file.write_text(server.key + server.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    if clients_of is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients_of.pem)

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            time.sleep(handshake_after)
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.settimeout(5)
                while head := secured.recv(65536):
                    found.guests.append(Guest(_shown(secured), head))
                    secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        connection.close()

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                found.connections += 1
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = Endpoint(listening.getsockname()[1])
        threading.Thread(target=accept, daemon=True).start()
        yield found
        listening.shutdown(socket.SHUT_RDWR)


def _shown(secured: ssl.SSLSocket) -> str | None:
    shown = secured.getpeercert(binary_form=True)
    if not shown:
        return None
    (name,) = x509.load_der_x509_certificate(shown).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(name.value)


def _builder(subject: x509.Name, issuer: x509.Name, public: object, *, ends_in: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)  # type: ignore[arg-type]  # any of the keys above
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + ends_in) - timedelta(hours=1))
        .not_valid_after(now + ends_in)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
