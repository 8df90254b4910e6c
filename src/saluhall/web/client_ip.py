"""Find the client's IP address: the peer's, or, behind trusted proxies, the one that they report."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def client_ip(peer: str, forwarded: Iterable[str], *, trusted: Sequence[Network]) -> str:
    """Return the client's address; `forwarded` are the X-Forwarded-For headers in their order.

    Each proxy appends the address of its peer, so what a trusted one has appended counts and what precedes an untrusted address
    may be invented.
    """
    caller = peer
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    while hops and is_trusted(caller, trusted):
        heard = _read(hops.pop())
        if heard is None:
            break
        caller = str(heard)
    return caller


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Return whether an address is a trusted proxy's."""
    found = _read(address)
    return found is not None and any(found in network for network in trusted)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
