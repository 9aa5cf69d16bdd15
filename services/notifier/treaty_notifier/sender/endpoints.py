"""What an endpoint's address may look like, decided with the parser that also dials it."""

from dataclasses import dataclass
from ipaddress import ip_address

from yarl import URL

from treaty_notifier.errors import EndpointRefused
from treaty_notifier.sender.addresses import AddressPolicy

URL_LIMIT = 2000
HOST_LIMIT = 253
#: Services that speak something else on a high port and could be made to read a POST as their own language.
_REFUSED_PORTS = frozenset(
    {1433, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5900, 5984, 6000, 6379, 6443, 6667}
    | {7001, 9042, 9092, 9100, 9200, 9300, 10250, 11211, 15672, 25565, 27017, 50070}
)
_LOW_PORTS = frozenset({80, 443})


@dataclass(frozen=True)
class EndpointRules:
    policy: AddressPolicy

    def checked(self, url: str) -> URL:
        """The address as the sender will dial it.

        Raises:
            EndpointRefused: says which rule it breaks. A name that is good here is still judged at every dial.
        """
        parsed = _parsed(url)
        host = parsed.host or ""
        if parsed.scheme not in ("https", "http"):
            raise EndpointRefused(f"An endpoint is an https address (scheme: {parsed.scheme or 'none'})")
        if not host or len(host) > HOST_LIMIT:
            raise EndpointRefused("An endpoint names a host of at most 253 characters")
        if parsed.user is not None or parsed.password is not None:
            raise EndpointRefused(
                "An endpoint carries no user or password; put a token into its path, the webhook is signed anyway"
            )
        if parsed.fragment or "#" in url:
            raise EndpointRefused("An endpoint has no fragment; leave out everything from # on")
        self._check_port(parsed)
        self._check_literal(parsed, host)
        if parsed.scheme == "http" and not self.policy.allowed:
            raise EndpointRefused(
                "An endpoint is an https address; plain http is only for networks that the operator allows "
                "(allowed networks: none)"
            )
        return parsed

    def check_resolved(self, url: URL, addresses: list[str]) -> None:
        """Raises EndpointRefused when one of the addresses that the name has now would be refused at a dial."""
        for address in addresses:
            if not self.policy.admits(address, is_plain_http=url.scheme == "http"):
                raise EndpointRefused(
                    f"The endpoint's host is not on the public internet, or not reachable by {url.scheme} "
                    f"(host: {url.host}); use a public https address, or ask the operator to allow its network"
                )

    def _check_port(self, url: URL) -> None:
        port = url.port
        if port is None or port in _REFUSED_PORTS or not (port in _LOW_PORTS or 1024 <= port <= 65535):
            raise EndpointRefused(
                f"An endpoint's port is 443, 80 or one above 1023 that no database uses (port: {port})"
            )

    def _check_literal(self, url: URL, host: str) -> None:
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            if _ends_in_number(host):
                raise EndpointRefused(
                    f"A host that ends in a number is an address and written in full (host: {host[:80]})"
                ) from None
            return
        self.check_resolved(url, [host])


def _ends_in_number(host: str) -> bool:
    """127.1, 2130706433 and 0x7f000001 all mean loopback to some parsers. Source: URL Standard, "ends in a number"."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or last.startswith("0x")


def _parsed(url: str) -> URL:
    if len(url) > URL_LIMIT:
        raise EndpointRefused(f"An endpoint's address is at most {URL_LIMIT} characters (given: {len(url)})")
    if "\\" in url or not url.isprintable() or " " in url:
        raise EndpointRefused("An endpoint's address holds no backslash, space or control character")
    try:
        parsed = URL(url)
        _ = parsed.port, parsed.raw_host, parsed.host  # a host in punycode is decoded only when it is asked for
    except ValueError as error:
        raise EndpointRefused(f"That is not an address (given: {url[:80]})") from error
    return parsed
