"""What a request brings outside its body, as text: path, query and headers. What can be read in two ways is refused."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from saluhall.dialect import Unreadable

# A request with one of these twice is ambiguous: a proxy and the hub could each use another one.
SINGLE_HEADERS = frozenset({"authorization", "idempotency-key", "x-api-key", "x-partner-account"})
_ASCII = bytes(range(128))


def escaped(raw: bytes) -> bytes:
    """Escape the bytes of a path or a query that are not ASCII, as the client should have done."""
    return raw if raw.isascii() else quote(raw, safe=_ASCII).encode("ascii")


def path_from_segments(segments: Mapping[str, str]) -> dict[str, str]:
    """Decode the parameters of a path, which are in ASCII. Raises Unreadable."""
    try:
        return {name: unquote_to_bytes(value).decode() for name, value in segments.items()}
    except UnicodeDecodeError as error:
        raise Unreadable("The path is not UTF-8: escape it as UTF-8") from error


def query_from_raw(raw: bytes, *, names: Collection[str]) -> dict[str, str]:
    """Decode a query in ASCII; of `names`, each may be given once. Raises Unreadable."""
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise Unreadable("The query is not UTF-8: escape it as UTF-8") from error
    _refuse_repeated((name for name, _ in pairs if name in names), "The query parameter")
    return dict(pairs)


def headers_from_raw(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Decode headers, their names in lower case; repeated ones are joined by commas. Raises Unreadable."""
    found: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
        if name not in found:
            found[name] = value
        elif name in SINGLE_HEADERS:
            _refuse_repeated((name, name), "The header")
        else:
            found[name] = f"{found[name]}, {value}"
    return found


def _text(raw: bytes) -> str:
    """Read a header's value as UTF-8, else as HTTP once had it."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _refuse_repeated(names: Iterable[str], kind: str) -> None:
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise Unreadable(f"{kind} {repeated[0]} was sent more than once: send it once")
