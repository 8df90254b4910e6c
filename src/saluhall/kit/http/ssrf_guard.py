"""Decide which URLs and addresses of strangers may be called at all."""

import functools
import re
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from yarl import URL

from saluhall.kit.http.embedded_ipv4 import Address, embedded_address, hidden_addresses
from saluhall.kit.http.target import exact_url

Network = IPv4Network | IPv6Network

_MAX_SAVED = 2048
_MAX_CALLED = 8192  # a redirect to a signed object-store URL is long
_MAX_HOST = 253
_USERINFO = re.compile(r"[^/?#]*//[^/?#]*@")
_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # and lone surrogates
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Written out, not `is_global`: what that property says has changed between Python releases.
_REFUSED_V4 = [
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network, unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier NAT; Alibaba's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent, on a public-looking address
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_GLOBAL_V6 = IPv6Network("2000::/3")  # nothing else is routed between strangers
_REFUSED_V6 = [
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address inside
        "3fff::/20",  # documentation
    )
]

EVERYWHERE: tuple[Network, ...] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))


LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class NotAllowed(Exception):
    """The guard refuses this URL or address; the message says why and is safe to show."""


def check_url(url: str) -> None:
    """Refuse at save time what could never be called. Raises NotAllowed."""
    # Counted in bytes: an index row of PostgreSQL holds some 2700, and a letter may take four.
    if len(url.encode(errors="replace")) > _MAX_SAVED:
        raise NotAllowed(
            f"The URL is longer than {_MAX_SAVED} characters (a letter beyond ASCII counts as up to four)"
        )
    parse_url(url)


def check_target(url: str) -> None:
    """Refuse what could never be called, http allowed: a URL that the operator chose. Raises NotAllowed."""
    parse_url(url, schemes=("https", "http"))


def parse_url(url: str, *, schemes: Sequence[str] = ("https",)) -> URL:
    """Read a URL the one way that is also used to dial it; its path and query stay as given. Raises NotAllowed."""
    if len(url) > _MAX_CALLED:
        raise NotAllowed(f"The URL is longer than {_MAX_CALLED} characters")
    if url != url.strip() or _CONTROL.search(url):
        raise NotAllowed("The URL holds control characters or blanks around it")
    try:
        parsed = URL(url)
        port = parsed.explicit_port
    except ValueError:
        raise NotAllowed("The URL cannot be understood") from None
    if parsed.scheme not in schemes:
        raise NotAllowed(f"The URL must start with {' or '.join(f'{s}://' for s in schemes)}")
    if _USERINFO.match(url):
        raise NotAllowed("The URL must not hold a user name or password")
    if port == 0:
        raise NotAllowed("The URL has no valid port")
    _check_host(parsed.raw_host or "")
    return exact_url(url, parsed)


def _check_host(host: str) -> None:
    """Refuse hosts that are neither a plain name nor an address in its one usual spelling."""
    if not host:
        raise NotAllowed("The URL has no host")
    if literal_address(host) is not None:
        return
    last_label = host.rstrip(".").rpartition(".")[2]
    if len(host) > _MAX_HOST or not _HOST.fullmatch(host) or _NUMBER.fullmatch(last_label):
        raise NotAllowed("The URL has no valid host")


@functools.lru_cache(maxsize=1024)
def literal_address(host: str) -> Address | None:
    """Return the address a host spells out, None for a name."""
    if "%" in host:
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None


class NotPublic(NotAllowed):
    """The URL leads to an address that is not public, and that the operator has not allowed."""


class Guard:
    """Knows which addresses may be dialled: public ones, unless `elsewhere` is False, and the networks that are allowed."""

    def __init__(self, allow: Sequence[Network] = (), *, elsewhere: bool = True) -> None:
        self._allow = tuple(allow)
        self._elsewhere = elsewhere

    def check_literal(self, url: URL) -> None:
        """Refuse a URL that spells out an address not to be dialled. Raises NotAllowed."""
        address = literal_address(url.raw_host or "")
        if address is not None and not self.permits(address):
            raise NotPublic("The URL leads to an address that is not public")

    def check_named(self, url: URL) -> None:
        """Refuse a name that always leads to the machine itself (RFC 6761), where that is not allowed. Raises NotPublic."""
        host = (url.raw_host or "").rstrip(".")
        is_local = host == "localhost" or host.endswith(".localhost")
        if is_local and not any(map(self.permits, LOOPBACK)):
            raise NotPublic("The URL leads to the machine that the hub runs on")

    def check_resolved(self, host: str, addresses: Sequence[str]) -> None:
        """Refuse a host as a whole if one of its addresses is refused, or is none. Raises NotAllowed."""
        if not all(map(self.permits_text, addresses)):
            raise NotAllowed(f"The host {host} leads to an address that is not public")

    def permits_text(self, text: str) -> bool:
        """Return whether what a name server gave is an address that may be dialled."""
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return self.permits(address)

    def permits(self, address: Address) -> bool:
        """Return whether an address may be dialled, and every address that it wraps."""
        inner = embedded_address(address)
        if self._is_exempt(address) or self._is_exempt(inner):
            return True
        if not self._elsewhere:
            return False
        hidden = hidden_addresses(address)
        return is_public(inner) and all(self._is_exempt(seen) or is_public(seen) for seen in hidden)

    def _is_exempt(self, address: Address) -> bool:
        return any(address in network for network in self._allow)


def is_public(address: Address) -> bool:
    """Return whether a plain address belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _REFUSED_V4)
    return address in _GLOBAL_V6 and not any(address in block for block in _REFUSED_V6)
