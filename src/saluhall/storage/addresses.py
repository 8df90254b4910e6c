"""Where data is kept, as settings name it: the URL of a database, the address of an image store."""

import os
import re

import psycopg
from psycopg.conninfo import conninfo_to_dict

from saluhall.kit.environment import Wrong
from saluhall.kit.values import MAX_PORT, shown

DATABASE_EXAMPLE = "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
_ENCODED = (
    f"write {DATABASE_EXAMPLE}, and letters such as @ / : # in the password as %40 %2F %3A %23"
)
REMOTE_STORES = frozenset({"s3", "gs", "az"})
_SCHEMES = ("postgresql://", "postgres://")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(/*)(.*)", re.DOTALL)
_FOR_STORE = "write a folder, or s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"


def database_url(text: str) -> str:
    """Read the URL of a PostgreSQL. Raises Wrong, with a message that holds no password."""
    if not text.startswith(_SCHEMES):
        found = _SCHEME.fullmatch(text)
        scheme = f", but with {shown(found[1])}" if found and found[2] == "//" else ""
        raise Wrong(f"it does not begin with postgresql://{scheme}", f"write {DATABASE_EXAMPLE}")
    try:
        parts = conninfo_to_dict(text)
    except psycopg.ProgrammingError:
        raise Wrong("the URL cannot be understood", _ENCODED) from None
    _check_hosts(str(parts.get("host") or parts.get("hostaddr") or ""), "service" in parts)
    for port in filter(None, str(parts.get("port") or "").split(",")):
        _check_port(port)
    return text


def _check_port(port: str) -> None:
    if not (port.isascii() and port.isdecimal()):  # it may be a part of the password
        raise Wrong("what follows the host as its port is not a number", _ENCODED)
    if not 0 < int(port[:6]) <= MAX_PORT:
        raise Wrong(f"{port[:6]} is not a port", f"write a port from 1 to {MAX_PORT}")


def _check_hosts(hosts: str, is_service: bool) -> None:  # noqa: FBT001 - named at its one call
    if not (hosts or is_service or os.environ.get("PGHOST")):
        raise Wrong(
            "the URL names no host",
            f"write {DATABASE_EXAMPLE}, or end with ?host=/run/postgresql for a socket",
        )
    if "@" in hosts[1:]:
        raise Wrong(
            "the URL holds more than one @ before its host",
            "write an @ in the user name or password as %40",
        )


def image_store(text: str) -> str:
    """Read a folder, or the URL of an object store. Raises Wrong."""
    found = _SCHEME.fullmatch(text)
    if found is None:
        return text
    scheme, slashes, rest = found[1].lower(), found[2], found[3]
    if scheme not in REMOTE_STORES | {"file", "memory"}:
        raise Wrong(f"{shown(scheme)} is not a kind of store that exists here", _FOR_STORE)
    if not slashes.startswith("//"):
        raise Wrong(f"{shown(text)} has no // after {scheme}:", _FOR_STORE)
    if scheme in REMOTE_STORES and not (slashes == "//" and rest):
        raise Wrong(f"{shown(text)} names no bucket", _FOR_STORE)
    if scheme == "file" and len(slashes) < 3:  # noqa: PLR2004 - file:///folder
        raise Wrong(f"{shown(text)} names a host", "write file:///FOLDER")
    return f"{scheme}:{slashes}{rest}"
