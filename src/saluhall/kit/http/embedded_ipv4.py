"""Find the IPv4 addresses inside IPv6 addresses: where a packet ends up once a tunnel or a translator has unwrapped it."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214, 6.1; anything before it
_LOW_32 = 0xFFFF_FFFF
_LAST_PLAIN_HOST = 0xFF
# What nobody but us can reach. In forms without a mark of their own only these count: most addresses hold some number there.
_INNER = [
    IPv4Network(block)
    for block in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
    )
]


def embedded_address(address: Address) -> Address:
    """Return the IPv4 address that a mapped or NAT64 address really reaches, else the address."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & _LOW_32)
    return address


def hidden_addresses(address: Address) -> Iterator[IPv4Address]:
    """Find IPv4 addresses in forms that may follow any prefix: each must be public too.

    ISATAP has a mark. 6rd (RFC 5969, a prefix of 32 bits, a host numbered low) and NAT64 under an operator's own prefix (RFC 6052,
    96 bits) have none.
    """
    if isinstance(address, IPv4Address):
        return
    number = int(address)
    last, mark, middle = (IPv4Address(number >> shift & _LOW_32) for shift in (0, 32, 64))
    if int(mark) in _ISATAP:
        yield last
    elif int(mark) == 0:
        yield from _inner(last)
        if int(last) <= _LAST_PLAIN_HOST:
            yield from _inner(middle)


def _inner(address: IPv4Address) -> Iterator[IPv4Address]:
    if any(address in block for block in _INNER):
        yield address
