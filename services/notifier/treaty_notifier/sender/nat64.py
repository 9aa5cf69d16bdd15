"""Networks that translate IPv6 to IPv4: what their addresses lead to, and noticing that this machine sits behind one.

Behind a NAT64 with a prefix of its own, ``prefix::10.0.0.1`` looks public and leads to 10.0.0.1. The well-known prefix
64:ff9b::/96 is refused by the table of addresses; any other is known to the operator alone, so it is a setting, and
whoever forgot it is told. Sources: RFC 6052 (where the four bytes stand), RFC 7050 (how to find the prefix).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from treaty_notifier.sender.resolver import NamesUnresolved, Resolver

LOG = logging.getLogger(__name__)
LENGTHS = (32, 40, 48, 56, 64, 96)
WELL_KNOWN = IPv6Network("64:ff9b::/96")  # RFC 6052, 2.1: leads nowhere that the table would not refuse already
ASKED = "ipv4only.arpa"
#: The only IPv4 addresses that the name has; an IPv6 address for it wraps one of them.
_KNOWN_V4 = (IPv4Address("192.0.0.170"), IPv4Address("192.0.0.171"))


def embedded(address: IPv6Address, prefix: IPv6Network) -> IPv4Address:
    """The IPv4 address that an address under this prefix leads to. Source: RFC 6052, 2.2; byte 8 is always left out."""
    start = prefix.prefixlen // 8
    places = [place for place in range(start, 16) if place != 8][:4]
    return IPv4Address(bytes(address.packed[place] for place in places))


def nat64_prefixes(texts: Iterable[str]) -> tuple[IPv6Network, ...]:
    """CIDR texts as prefixes. Raises ValueError for one that is no prefix of a translating network."""
    prefixes = tuple(IPv6Network(text.strip()) for text in texts)
    for prefix in prefixes:
        if prefix.prefixlen not in LENGTHS:
            raise ValueError(
                f"A NAT64 prefix has 32, 40, 48, 56, 64 or 96 bits (given: {prefix}); ask whoever runs the network"
            )
    return prefixes


def prefixes_in(addresses: Iterable[str]) -> tuple[IPv6Network, ...]:
    """The prefixes under which these addresses of ``ipv4only.arpa`` wrap what that name is known to have."""
    found: dict[IPv6Network, None] = {}
    for text in addresses:
        address = ip_address(text.partition("%")[0])
        if isinstance(address, IPv6Address):
            for length in LENGTHS:
                prefix = IPv6Network((address, length), strict=False)
                if embedded(address, prefix) in _KNOWN_V4:
                    found[prefix] = None
    return tuple(found)


class TranslationWatch:
    """A resolver that asks once, with the first name it is given, whether this network translates.

    ``note`` is called with each prefix that the operator has not configured. Not at the start: whoever serves only
    networks of their own never asks anybody outside.
    """

    def __init__(
        self, resolver: Resolver, *, known: tuple[IPv6Network, ...], note: Callable[[IPv6Network], None]
    ) -> None:
        self._resolver = resolver
        self._known = {*known, WELL_KNOWN}
        self._note = note
        self._asking: asyncio.Task[None] | None = None

    async def addresses(self, host: str, port: int) -> list[str]:
        found = await self._resolver.addresses(host, port)
        if self._asking is None and not _is_of_this_machine(host):
            self._asking = asyncio.create_task(self._ask(), name="does this network translate")
        return found

    async def _ask(self) -> None:
        try:
            found = await self._resolver.addresses(ASKED, 80)
        except NamesUnresolved:
            return
        for prefix in prefixes_in(found):
            if prefix not in self._known:
                LOG.warning(
                    "This network translates IPv6 to IPv4 under a prefix that is not configured: inner addresses look "
                    "public behind it; set TREATY_NOTIFIER_NAT64_PREFIXES",
                    extra={"facts": {"prefix": str(prefix)}},
                )
                self._note(prefix)


def _is_of_this_machine(host: str) -> bool:
    if host.rstrip(".").rpartition(".")[2].lower() == "localhost":
        return True
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
