"""Which addresses may be dialled. The standard library's ``is_global`` is not enough of a guard, so here is a table.

It says yes, depending on the Python version, to multicast, to cloud metadata addresses and to loopback wrapped in
NAT64, 6to4 and IPv4-compatible forms. Source: IANA special-purpose address registries, read 2026-11.
"""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from treaty_notifier.sender.nat64 import embedded

Network = IPv4Network | IPv6Network

_REFUSED_V4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; holds 100.100.100.200, a cloud metadata address
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's host service: looks public, is not
        "169.254.0.0/16",  # link-local; holds 169.254.169.254, the metadata address of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; holds 192.0.0.192, a cloud metadata address
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved and broadcast
    )
]
_ADMITTED_V6 = IPv6Network("2000::/3")  # the only block from which global unicast is given out
_REFUSED_V6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking …
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 wraps any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
]
_MAPPED = IPv6Network("::ffff:0:0/96")
_ISATAP = (0x00005EFE, 0x02005EFE)  # the last 64 bits of an address that wraps an IPv4 address begin with one of these


class AddressBlocked(OSError):
    """The guard refused this address."""


@dataclass(frozen=True)
class AddressPolicy:
    """Public addresses, and what the operator allows besides; the second list is empty by default.

    ``nat64`` are the prefixes behind which this machine's network translates IPv6 to IPv4: an address in one of them
    leads to the IPv4 address that it wraps, and is judged as that.
    """

    allowed: tuple[Network, ...] = ()
    nat64: tuple[IPv6Network, ...] = ()

    def admits(self, address: str, *, is_plain_http: bool = False) -> bool:
        """Whether this literal address may be dialled; without TLS only inside the operator's own networks.

        An address with a scope (``fe80::1%eth0``) or one that is not an address at all is refused.
        """
        return _verdict(self, address, is_plain_http)

    def judge(self, address: str, *, is_plain_http: bool) -> bool:
        """What ``admits`` answers, worked out anew."""
        parsed = self._unwrapped(address)
        if parsed is None:
            return False
        if self._is_allowed(parsed):
            return True
        return not is_plain_http and is_public(parsed)

    def is_exempt(self, address: str) -> bool:
        """Whether it lies in one of the operator's own networks and would not be admitted but for that."""
        parsed = self._unwrapped(address)
        return parsed is not None and self._is_allowed(parsed) and not is_public(parsed)

    def _is_allowed(self, address: IPv4Address | IPv6Address) -> bool:
        return any(network.version == address.version and address in network for network in self.allowed)

    def _unwrapped(self, address: str) -> IPv4Address | IPv6Address | None:
        if "%" in address:
            return None
        try:
            parsed = ip_address(address)
        except ValueError:
            return None
        if isinstance(parsed, IPv4Address):
            return parsed
        if parsed in _MAPPED:
            return IPv4Address(int(parsed) & 0xFFFFFFFF)
        for prefix in self.nat64:
            if parsed in prefix:
                return embedded(parsed, prefix)
        return parsed


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an unwrapped address belongs to the public internet and to nobody's inside."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return (
        address in _ADMITTED_V6
        and not any(address in network for network in _REFUSED_V6)
        and (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP
    )


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """CIDR texts as networks. Raises ValueError for one that is not."""
    return tuple(ip_network(text.strip()) for text in texts)


@lru_cache(10_000)
def _verdict(policy: AddressPolicy, address: str, is_plain_http: bool) -> bool:  # noqa: FBT001  (a cache's key)
    """The table is fixed and a policy is frozen: a verdict once found stays, and is asked for with every POST."""
    return policy.judge(address, is_plain_http=is_plain_http)
