"""What the text of a setting means: each function takes the text and returns the value, or raises Wrong."""

import re
import ssl
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from saluhall.kit.environment import Wrong
from saluhall.kit.http.ssrf_guard import NotAllowed, parse_url

MAX_PORT = 65_535
_NUMBER = re.compile(r"[+-]?[0-9]+")
_MAX_DIGITS = 18
_HEADER_TEXT = re.compile(r"[!-~]+")
_HOST = re.compile(r"[A-Za-z0-9_.:%-]+")
_MAX_SHOWN = 60


def shown(text: str) -> str:
    """Quote a text for a message; a long one is cut."""
    return repr(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "...")


def number(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `low` to `high`."""
    remedy = f"write a whole number from {low} to {high}"

    def read(text: str) -> int:
        if not _NUMBER.fullmatch(text):
            raise Wrong(f"{shown(text)} is not a whole number", remedy)
        value = int(text[: _MAX_DIGITS + 1])
        if not low <= value <= high:
            side = "small" if value < low else "large"
            raise Wrong(f"{shown(text)} is too {side}", remedy)
        return value

    return read


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a reader of one of these words, in small or capital letters."""
    listed = ", ".join(choices[:-1]) + f" or {choices[-1]}"

    def read(text: str) -> str:
        if text.lower() not in choices:
            raise Wrong(f"{shown(text)} is not one of its values", f"write {listed}")
        return text.lower()

    return read


def switch(text: str) -> bool:
    """Read `on` or `off`."""
    return one_of("on", "off")(text) == "on"


def words(text: str) -> str:
    """Read printable text."""
    if not text.isprintable():
        raise Wrong("it holds a line break or a control character", "write it on one line")
    return text


def header_text(text: str) -> str:
    """Read a key that is sent in an HTTP header."""
    if not _HEADER_TEXT.fullmatch(text):
        raise Wrong(
            "it holds a blank, a line break or a letter outside ASCII, which no HTTP header can carry",
            "copy the key again, without anything around it",
        )
    return text


def secret(min_bytes: int) -> Callable[[str], str]:
    """Return a reader of secrets that are not too short to guess."""

    def read(text: str) -> str:
        size = len(text.encode(errors="surrogateescape"))
        if size < min_bytes:
            raise Wrong(
                f"it has only {size} {'byte' if size == 1 else 'bytes'}, which can be guessed",
                f"use at least {min_bytes} bytes, such as the output of `openssl rand -base64 48`",
            )
        return text

    return read


def web_address(
    *, schemes: tuple[str, ...] = ("https", "http"), example: str, query: bool = True
) -> Callable[[str], str]:
    """Return a reader of URLs, without a slash at the end; `query` permits a query."""

    def read(text: str) -> str:
        remedy = f"write an address such as {example}"
        if "://" not in text:
            raise Wrong(f"{shown(text)} does not begin with {_or(schemes)}", remedy)
        try:
            parse_url(text, schemes=schemes)
        except NotAllowed as error:
            reason = str(error).replace("The URL", "the address")
            raise Wrong(reason, remedy) from error
        parts = urlsplit(text)
        if parts.fragment or (parts.query and not query):
            raise Wrong("the address has a query or a fragment (? or #)", remedy)
        return text.rstrip("/")

    return read


def _or(schemes: tuple[str, ...]) -> str:
    return " or ".join(f"{scheme}://" for scheme in schemes)


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read networks with commas between."""
    found = []
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            found.append(ip_network(part, strict=False))
        except ValueError as error:
            raise Wrong(
                f"{shown(part)} is not a network",
                "write networks with commas between, such as 10.1.0.0/16,fd00::/8",
            ) from error
    return tuple(found)


def listen_address(text: str) -> tuple[str, int]:
    """Read where to listen: `127.0.0.1:9464`, or `[::1]:9464`."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    is_port = port.isascii() and port.isdecimal() and len(port) < 6 and 0 < int(port) <= MAX_PORT  # noqa: PLR2004 - digits of a port
    if not (colon and is_port and _HOST.fullmatch(host)):
        raise Wrong(f"{shown(text)} is not HOST:PORT", "write an address such as 127.0.0.1:9464")
    return host, int(port)


def certificates(text: str) -> Path:
    """Read the path of a file of certificates in PEM."""
    path, remedy = Path(text), "name a file of certificates in PEM"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError as error:
        raise Wrong(f"the file {shown(text)} holds no certificate in PEM", remedy) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Wrong(f"cannot read {shown(text)}: {reason}", remedy) from error
    return path
