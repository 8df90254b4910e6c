"""The guard: no stranger's URL leads into our own network, however it is spelled."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from saluhall.kit.http import NotAllowed, Outbound, check_url
from saluhall.kit.http.connection import SystemResolve
from saluhall.kit.http.ssrf_guard import Guard

REFUSED_V4 = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
]
REFUSED_V6 = ["::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001::/32", "2002::/16"]
INNER_V4 = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
]
GUARD = Guard()
OUTBOUND = Outbound()  # opens nothing before it is used


def addresses_in(block: str) -> st.SearchStrategy[IPv4Address | IPv6Address]:
    network = ip_network(block)
    last = network.num_addresses - 1
    return st.integers(0, last).map(lambda offset: network[offset])


refused_v4 = st.sampled_from(REFUSED_V4).flatmap(addresses_in)
refused_v6 = st.sampled_from(REFUSED_V6).flatmap(addresses_in)


def legacy_spellings(address: IPv4Address | IPv6Address) -> list[str]:
    number = int(address)
    a, b, c, d = address.packed
    return [
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"{a:04o}.{b:04o}.{c:04o}.{d:04o}",
        f"{address}.",
        f"{a}.{b}.{c}.0{d}",
        "".join(f"%{ord(sign):02x}" for sign in str(address)),
    ]


def embeddings(address: IPv4Address | IPv6Address) -> list[IPv6Address]:
    number = int(address)
    return [
        IPv6Address((0xFFFF << 32) | number),  # mapped
        IPv6Address(number),  # compatible
        IPv6Address((0x64FF9B << 96) | number),  # NAT64
        IPv6Address((0x64FF9B0001 << 80) | number),  # NAT64, local use
        IPv6Address((0x2002 << 112) | (number << 80) | 1),  # 6to4
        IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),  # Teredo
        IPv6Address((0x2A004242 << 96) | (0x5EFE << 32) | number),  # ISATAP
        IPv6Address((0x2A004242_0001_0002 << 64) | (0x0200_5EFE << 32) | number),  # ISATAP, u bit
    ]


def refuses(url: str) -> bool:
    try:
        OUTBOUND.check(url)
    except NotAllowed:
        return True
    return False


@given(refused_v4 | refused_v6)
def test_every_private_address_is_refused(address: IPv4Address | IPv6Address) -> None:
    assert not GUARD.permits(address)


@given(refused_v4)
def test_an_address_is_refused_inside_every_ipv6_wrapping(address: IPv4Address) -> None:
    assert not [wrapped for wrapped in embeddings(address) if GUARD.permits(wrapped)]


@given(
    address=st.sampled_from(INNER_V4).flatmap(addresses_in),
    prefix=st.integers(0x2003_0000, 0x3FFE_FFFF),
)
def test_an_inner_address_is_refused_in_a_tunnel_or_translator_of_any_prefix(
    address: IPv4Address, prefix: int
) -> None:
    number = int(address)
    wrapped = [
        IPv6Address(prefix << 96 | number << 64),  # 6rd
        IPv6Address(prefix << 96 | number << 64 | 1),  # 6rd, its first host
        IPv6Address(prefix << 96 | number),  # NAT64 under an operator's prefix
    ]

    assert not [text for text in map(str, wrapped) if not refuses(f"https://[{text}]/")]


@given(st.ip_addresses())
def test_nothing_is_permitted_that_the_registry_does_not_call_global(
    address: IPv4Address | IPv6Address,
) -> None:
    if not address.is_global or address.is_multicast:
        assert not GUARD.permits(address)


@given(st.ip_addresses(v=4))
def test_legacy_spellings_of_addresses_are_refused_whatever_they_mean(
    address: IPv4Address,
) -> None:
    for spelling in legacy_spellings(address):
        with pytest.raises(NotAllowed):
            check_url(f"https://{spelling}/hook")


@given(address=refused_v4, port=st.integers(1, 65535))
def test_no_spelling_of_a_private_address_passes(address: IPv4Address, port: int) -> None:
    wide = str(address).translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    hosts = [str(address), wide, str(address).replace(".", "。")]
    hosts += [f"[{wrapped}]" for wrapped in embeddings(address)]
    hosts += [f"[{wrapped.exploded.upper()}]" for wrapped in embeddings(address)]
    assert [host for host in hosts if not refuses(f"https://{host}:{port}/")] == []


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "fe80::1%eth0",
        "2001:db8::1",
        "255.255.255.255",
    ],
)
def test_well_known_inner_addresses_are_refused(text: str) -> None:
    assert not GUARD.permits(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2a00:4242::5efe:808:808",
        "2a00:4242:808:808::1",
        "2606:4700::6810:84e5",
        "2600:1f18:a12:3401:7f4c:9a3e:11d0:5ab2",  # a cloud's; its middle happens to read 10.18.52.1
        "2a00:1450:4009:81b::200e",
        "2a01:4f8:a0:5185::2",
    ],
)
def test_public_addresses_are_permitted(text: str) -> None:
    assert GUARD.permits(ip_address(text))


def test_an_exempt_network_is_permitted_and_nothing_beside_it() -> None:
    guard = Guard([IPv4Network("10.1.0.0/16"), IPv6Network("fd00:1::/32")])

    permitted = ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd00:1::5"]
    permitted += ["2a00:4242::5efe:a01:203", "2a00:4242:a01:203::1"]
    refused = ["10.2.0.1", "::ffff:10.2.0.1", "fd00:2::5", "127.0.0.1"]

    assert all(guard.permits(ip_address(text)) for text in permitted)
    assert not any(guard.permits(ip_address(text)) for text in refused)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https:///hook",
        "https://",
        "https:example.com",
        "https://?x=1",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://@example.com/",
        "https://:@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:port/",
        "https://exa mple.com/",
        "https://example..com/",
        "https://.example.com/",
        "https://example.com%00/",
        "https://example.com/a\x00b",
        "https://example.com/a\r\nX-Evil: 1",
        "https://example.com/\ud800",
        " https://example.com/",
        "https://example.com/\n",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[127.0.0.1]/",
        "https://example.com/" + "a" * 2048,
        "https://" + "a" * 64 + ".com/",
        "https://" + "a." * 130 + "com/",
    ],
)
def test_a_url_that_could_never_be_called_is_refused_when_saved(url: str) -> None:
    with pytest.raises(NotAllowed) as refusal:
        check_url(url)

    assert str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "HTTPS://EXAMPLE.com:8443/hook?mail=a@b.se#part",
        "https://example.com?mail=a@b.se",
        "https://växjö.se/bild ä.jpg",
        "https://under_score.example.com./x",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]:443/",
        "https://localhost/",
    ],
)
def test_an_ordinary_url_can_be_saved(url: str) -> None:
    check_url(url)


@given(st.text(max_size=60))
def test_any_text_is_either_a_url_or_refused(text: str) -> None:
    refuses(text)
    refuses(f"https://{text}/")


def resolving(*answers: Sequence[str]) -> "FakeDns":
    return FakeDns(list(answers))


class FakeDns:
    """Gives its answers one after the other, the last one for ever."""

    def __init__(self, answers: list[Sequence[str]]) -> None:
        self.answers = answers
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        assert host
        assert port
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["2606:4700::1111", "::1"],
        ["::ffff:127.0.0.1"],
        ["not an address"],
        ["8.8.8.8", ""],
        ["8.8.8"],
        ["0x8080808"],
    ],
)
async def test_a_name_with_one_private_address_is_refused_as_a_whole(addresses: list[str]) -> None:
    outbound = Outbound(resolve=resolving(addresses))
    try:
        with pytest.raises(NotAllowed, match=r"shop\.example leads to an address"):
            await outbound.fetch("https://shop.example/", max_bytes=10, timeout_s=2)
        with pytest.raises(NotAllowed):
            await outbound.post("https://shop.example/", body=b"", headers={}, timeout_s=2)
    finally:
        await outbound.close()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "ⓛocalhost"])
async def test_localhost_is_refused_by_what_it_resolves_to(host: str) -> None:
    outbound = Outbound()
    try:
        with pytest.raises(NotAllowed):
            await outbound.fetch(f"https://{host}/", max_bytes=10, timeout_s=2)
    finally:
        await outbound.close()


async def test_a_refusal_does_not_show_the_address_it_found() -> None:
    outbound = Outbound(resolve=resolving(["10.11.12.13"]))
    try:
        with pytest.raises(NotAllowed) as refusal:
            await outbound.fetch("https://shop.example/", max_bytes=10, timeout_s=2)
    finally:
        await outbound.close()
    assert "10.11" not in str(refusal.value)


async def test_no_socket_is_opened_for_a_private_address_even_past_the_other_checks() -> None:
    outbound = Outbound()

    for inner in ("127.0.0.1", "no address"):
        info = (socket.AF_INET, socket.SOCK_STREAM, 0, "", (inner, 443))
        with pytest.raises(PermissionError):
            outbound._pools.strangers._socket(info)

    session = outbound._pools.strangers.session()
    assert isinstance(session, ClientSession)
    assert not session.trust_env
    await outbound.close()


async def test_the_system_resolver_gives_addresses() -> None:
    resolve = SystemResolve()

    assert set(await resolve("localhost", 443)) <= {"127.0.0.1", "::1"}
    resolve.close()


def test_the_length_of_a_url_is_counted_in_bytes_so_that_an_index_can_hold_it() -> None:
    check_url("https://a.example/" + "x" * 2000)
    with pytest.raises(NotAllowed, match="longer than 2048"):
        check_url("https://a.example/" + "\N{EURO SIGN}" * 1000)
