"""Spell a URL's request target exactly as it was given: signatures and servers distinguish `%2C` from a comma."""

import re
from urllib.parse import quote

from yarl import URL

# Not one printable ASCII character is escaped or unescaped: a blank and what is not ASCII cannot be in a request line.
_SENDABLE = "".join(map(chr, range(0x21, 0x7F)))
_PARTS = re.compile(r"(?P<origin>[^/?#]*//[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_RAW_BYTE = re.compile(r"[\udc80-\udcff]")  # how a byte of a header that is not UTF-8 is read


def exact_url(given: str, parsed: URL) -> URL:
    """Return the URL with the scheme, host and port that were parsed and the path and query that were given, without a fragment."""
    _, path, query = _parts_of(given)
    path = quote(path or "/", safe=_SENDABLE)
    query = quote(query, safe=_SENDABLE)
    if query == "?":  # yarl would leave out an empty query
        path, query = path + query, ""
    return URL.build(
        scheme=parsed.scheme,
        authority=parsed.raw_authority,
        path=path,
        query_string=query[1:],
        encoded=True,
    )


def redirected(base: URL, location: str) -> str:
    """Return the URL that a `Location` header leads to (RFC 3986, 5.2), its target as it was given."""
    location = _RAW_BYTE.sub(lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", location)
    if _SCHEME.match(location):
        return location
    if location.startswith("//"):
        return f"{base.scheme}:{location}"
    origin, path, query = _parts_of(str(base))
    if location.startswith("/"):
        return origin + location
    if location.startswith("?"):
        return origin + path + location
    reference = re.split(r"[?#]", location, maxsplit=1)[0]
    if not reference:  # nothing but a fragment
        return origin + path + query
    folder = path.rpartition("/")[0] + "/"
    return origin + _without_dots(folder + reference) + location[len(reference) :]


def _parts_of(url: str) -> tuple[str, str, str]:
    """Divide a URL into what is before the path, the path, and the query with its request mark."""
    found = _PARTS.match(url)
    return (found["origin"], found["path"], found["query"] or "") if found else ("", "", "")


def _without_dots(path: str) -> str:
    """Follow `.` and `..` in a merged path (RFC 3986, 5.2.4)."""
    *folders, last = path.split("/")[1:]
    kept: list[str] = []
    for name in [*folders, last]:
        if name == "..":
            del kept[-1:]
        elif name != ".":
            kept.append(name)
    if last in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
