"""The address table (B.2), row by row, and what stands beside it: spellings, cloud addresses and translated ones.

Beside each refusal stands what the standard library says of the address, or what an ordinary client does with it.
"""

import asyncio
import logging
from ipaddress import IPv6Network, ip_address

import pytest

from tests.attacks.attack_world import (
    LOOPBACK,
    PUBLIC,
    SOMEBODY,
    TRANSPORTS,
    Dials,
    Listener,
    Make,
    Names,
    guarded,
    is_this_machine,
    run,
    unguarded,
)
from treaty_notifier.deliveries import Answer, Failure, Outcome
from treaty_notifier.sender import AddressPolicy, NamesUnresolved, TranslationWatch, nat64_prefixes
from treaty_notifier.sender.addresses import networks
from treaty_notifier.sender.nat64 import embedded, prefixes_in

BLOCKED = Failure(outcome=Outcome.BLOCKED_ADDRESS)

#: Row by row: what it is, the addresses, and whether the standard library calls them global in every Python.
TABLE = {
    "protocol assignments and the metadata service of a cloud": (["192.0.0.8", "192.0.0.192"], None),
    "the host service of a cloud": (["168.63.129.16"], True),
    "relays, AS112 and AMT": (["192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1"], True),
    "multicast": (["224.0.0.1", "233.252.0.16", "ff02::1", "ff0e::1"], True),
    "loopback, compatible and translated": (["::127.0.0.1", "::ffff:0:7f00:1"], True),
    "blocks that are not given out": (["4000::1"], True),
    "loopback and metadata behind the well-known NAT64": (["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"], True),
    "behind a local NAT64, and 6to4": (["64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1"], None),
    "old site-local": (["fec0::1"], True),
    "documentation and segment routing": (["3fff::1", "5f00::1"], None),
    "wrapped for ISATAP": (["2606:4700::5efe:7f00:1", "2606:4700::200:5efe:7f00:1"], True),
    "mapped loopback": (["::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1"], False),
    "the metadata service of other clouds": (["100.100.100.200", "169.254.169.254", "fd00:ec2::254"], False),
    "Teredo and benchmarking": (["2001::1", "2001:2::1"], None),
    "private": (["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1"], False),
    "carrier-grade": (["100.64.0.1", "100.127.255.255"], False),
    "loopback": (["127.0.0.1", "127.255.255.254", "::1"], False),
    "nowhere and everywhere": (["0.0.0.0", "::", "255.255.255.255", "240.0.0.1"], False),
    "link-local": (["169.254.0.1", "fe80::1"], False),
    "documentation": (["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"], False),
    "benchmarking": (["198.18.0.1", "198.19.255.255"], False),
    "discarded": (["100::1"], False),
}
ROWS = [pytest.param(address, is_global, id=address) for row, is_global in TABLE.values() for address in row]


@pytest.mark.parametrize(("address", "is_global"), ROWS)
def test_an_address_of_the_table_is_refused_whatever_the_standard_library_thinks_of_it(
    address: str, is_global: bool | None
) -> None:
    assert not PUBLIC.admits(address)
    assert not PUBLIC.admits(address, is_plain_http=True)
    # The control: a guard of is_global alone. None where its answer changed from one Python to the next.
    if is_global is not None:
        assert ip_address(address).is_global is is_global


def test_a_guard_of_is_global_alone_would_let_many_of_them_through() -> None:
    let_through = [address for row, _ in TABLE.values() for address in row if ip_address(address).is_global]

    assert len(let_through) >= 15
    assert {"168.63.129.16", "64:ff9b::7f00:1", "ff02::1", "fec0::1"} <= set(let_through)


@TRANSPORTS
@pytest.mark.parametrize("row", TABLE)
def test_no_address_of_the_table_is_dialled_as_a_literal_or_by_name(make: Make, row: str, dials: Dials) -> None:
    for address in TABLE[row][0]:
        literal = f"[{address}]" if ":" in address else address
        assert guarded(make, f"https://{literal}/", policy=PUBLIC) == BLOCKED
        assert guarded(make, "https://name.example/", policy=PUBLIC, names=Names(name=[[address]])) == BLOCKED
    assert dials.recorded == []


@pytest.mark.parametrize("address", [SOMEBODY, "1.1.1.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1"])
def test_a_public_address_is_not_refused_with_them(address: str) -> None:
    assert PUBLIC.admits(address)
    assert not PUBLIC.admits(address, is_plain_http=True)


SPELLINGS = {
    "127.0.0.1": "as everybody writes it",
    "127.1": "two parts",
    "127.0.1": "three parts",
    "2130706433": "one number",
    "0x7f000001": "one hexadecimal number",
    "017700000001": "one octal number",
    "0177.0.0.1": "an octal part",
    "0x7f.0.0.1": "a hexadecimal part",
    "0x7f.1": "hexadecimal and short",
    "0x7f.0x0.0x0.0x1": "all hexadecimal",
    "127.0.0.01": "a part led by nought",
    "127.255.255.254": "the other end of the block",
    "127.0.0.2": "another of the block",
    "①②⑦.⓪.⓪.①": "circled digits",
    "127。0。0。1": "ideographic full stops",
    "[::1]": "in IPv6",
    "[0:0:0:0:0:0:0:1]": "in IPv6, in full",
    "[0000:0000::1]": "in IPv6, half in full",
    "[::ffff:127.0.0.1]": "mapped",
    "[::ffff:7f00:1]": "mapped, in hexadecimal",
    "[::ffff:127.0.0.2]": "mapped, another",
    "localhost": "by name",
    "127.0.0.1.": "with the dot of the root",
    "localhost.": "by name, with the dot of the root",
    "LOCALHOST": "by name, in capitals",
    "[::127.0.0.1]": "compatible",
    "[::ffff:0:127.0.0.1]": "translated",
    "[64:ff9b::127.0.0.1]": "behind NAT64",
    "[fe80::1%25lo]": "with a scope",
    "0": "the shortest nowhere",
    "0.0.0.0": "nowhere, which leads here",
}


@TRANSPORTS
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_loopback_is_dialled(make: Make, spelling: str, dials: Dials) -> None:
    here = {name: [["127.0.0.1"]] for name in ("127", "2130706433", "0x7f", "0x7f000001", "0177", "017700000001")}
    names = Names(**here, localhost=[["127.0.0.1", "::1"]], LOCALHOST=[["127.0.0.1"]])
    names.answers["0"] = [["0.0.0.0"]]

    for port in (443, 8080):
        assert guarded(make, f"https://{spelling}:{port}/", policy=PUBLIC, names=names) == BLOCKED
    assert dials.recorded == []


def test_an_ordinary_client_reaches_loopback_by_fourteen_spellings_and_more(dials: Dials) -> None:
    """The control of the test before."""
    reached = []
    with Listener(closes=True) as four, Listener(host="::1", closes=True) as six:
        for spelling in SPELLINGS:
            port = six.port if spelling in ("[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000::1]") else four.port
            try:
                unguarded(f"http://{spelling}:{port}/")
            except Exception:  # noqa: BLE001  (whatever this client makes of it, it did not arrive)
                continue
            reached.append(spelling)

    assert len(reached) >= 14, reached
    assert all(not is_this_machine(host) for host in dials.strangers)


# What translates (B.1, 9)

OWN = nat64_prefixes(["2a00:64:64::/96"])


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        # RFC 6052, 2.4: 192.0.2.33 under a prefix of each length
        ("2001:db8::/32", "2001:db8:c000:221::"),
        ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
        ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
        ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
        ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
        ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
    ],
)
def test_an_address_under_a_translating_prefix_leads_where_the_standard_says(prefix: str, address: str) -> None:
    parsed = ip_address(address)
    assert parsed.version == 6
    assert str(embedded(parsed, IPv6Network(prefix))) == "192.0.2.33"


@TRANSPORTS
@pytest.mark.parametrize("inner", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "168.63.129.16"])
def test_behind_the_operators_own_nat64_an_inner_address_is_refused(make: Make, inner: str, dials: Dials) -> None:
    address = f"2a00:64:64::{inner}"
    policy = AddressPolicy(nat64=OWN)

    assert guarded(make, f"https://[{address}]/", policy=policy) == BLOCKED
    assert guarded(make, "https://name.example/", policy=policy, names=Names(name=[[address]])) == BLOCKED
    assert dials.recorded == []
    assert policy.admits(f"2a00:64:64::{SOMEBODY}")
    # The control: without the prefix it is an address like any other.
    assert PUBLIC.admits(address)
    guarded(make, f"https://[{address}]/", policy=PUBLIC)
    assert dials.recorded == [str(ip_address(address))]


def test_a_network_that_the_operator_allows_is_allowed_behind_nat64_too() -> None:
    policy = AddressPolicy(networks(("10.1.0.0/16", "2a00:64::/32")), nat64=OWN)

    assert policy.admits("2a00:64:64::10.1.0.1")
    assert not policy.admits("2a00:64:64::10.2.0.1")  # judged by what it leads to and not by how it is written


@pytest.mark.parametrize("text", ["2a00:64::/33", "2a00:64::1/96", "10.0.0.0/8", "prefix"])
def test_a_prefix_that_no_network_translates_under_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        nat64_prefixes([text])


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        (["192.0.0.170", "192.0.0.171"], []),  # nobody translates: the name has only these
        (["2a00:64:64::192.0.0.170", "2a00:64:64::192.0.0.171"], ["2a00:64:64::/96"]),
        (["64:ff9b::192.0.0.170"], ["64:ff9b::/96"]),
        (["2001:db8:c000:aa::"], ["2001:db8::/32"]),
        (["2a00:1450::1"], []),
    ],
)
def test_the_prefix_of_a_network_is_found_in_what_a_known_name_answers(answers: list[str], found: list[str]) -> None:
    assert [str(prefix) for prefix in prefixes_in(answers)] == found


@pytest.mark.parametrize(
    ("host", "synthesised", "warned"),
    [
        ("name.example", ["2a00:99::192.0.0.170"], ["2a00:99::/96"]),
        ("name.example", ["2a00:64:64::192.0.0.170"], []),  # configured
        ("name.example", ["64:ff9b::192.0.0.170"], []),  # the table refuses it
        ("name.example", [], []),
        ("localhost", ["2a00:99::192.0.0.170"], None),
        ("127.0.0.1", ["2a00:99::192.0.0.170"], None),
    ],
)
def test_a_translating_network_that_nobody_configured_is_warned_of_with_the_first_name(
    host: str, synthesised: list[str], warned: list[str] | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever serves only endpoints of this machine asks nobody outside."""
    names = Names(name=[[SOMEBODY]], localhost=[["127.0.0.1"]], ipv4only=[synthesised] if synthesised else [])
    names.answers["127"] = [["127.0.0.1"]]
    noted: list[str] = []

    async def work() -> None:
        watch = TranslationWatch(names, known=OWN, note=lambda prefix: noted.append(str(prefix)))
        for _ in range(2):
            await watch.addresses(host, 443)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    with caplog.at_level(logging.WARNING):
        run(work)

    assert noted == (warned or [])
    assert names.asked.count("ipv4only.arpa") == (0 if warned is None else 1)
    assert len(caplog.records) == len(noted)


def test_a_network_that_does_not_answer_the_question_is_left_alone() -> None:
    names = Names(name=[[SOMEBODY]])

    async def work() -> list[str]:
        watch = TranslationWatch(names, known=(), note=lambda _prefix: pytest.fail("nothing was found"))
        found = await watch.addresses("name.example", 443)
        await asyncio.sleep(0)
        with pytest.raises(NamesUnresolved):
            await watch.addresses("unknown.example", 443)
        return found

    assert run(work) == [SOMEBODY]


@TRANSPORTS
def test_where_loopback_is_allowed_the_spellings_of_the_standard_arrive(make: Make) -> None:
    """The guard's own control: it does not refuse everything."""
    with Listener() as listener:
        for host in ("127.0.0.1", "[::ffff:127.0.0.1]"):
            answer = guarded(make, f"http://{host}:{listener.port}/", policy=LOOPBACK)
            assert isinstance(answer, Answer)
            assert answer.status == 204
