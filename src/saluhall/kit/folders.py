"""Check that a folder can be used, or made, without making it."""

import errno
import os
import stat
from pathlib import Path

from saluhall.kit.environment import Wrong

_REMEDY = "name a folder that this user can write to, or make it and give it to this user (chown)"


def check_folder(path: Path, *, room_bytes: int = 0) -> None:
    """See that a folder is there or can be made, can be written to, and has so much room. Raises Wrong."""
    found = _nearest(path)
    if not found.is_dir():
        raise Wrong(f"{_quoted(found)} is not a folder", "name a folder")
    state = os.statvfs(found)
    if state.f_flag & os.ST_RDONLY:
        raise Wrong(
            f"{_quoted(path)} is on a read-only filesystem", "name a folder on one that is writable"
        )
    if not os.access(found, os.W_OK | os.X_OK, effective_ids=True):
        what = "this user cannot write to" if found == path else "this user cannot make a folder in"
        raise Wrong(f"{what} {_quoted(found)}", _REMEDY)
    free = state.f_bavail * state.f_frsize
    if free < room_bytes or (room_bytes and state.f_files and not state.f_favail):
        raise Wrong(
            f"the filesystem of {_quoted(path)} has {free / 1e6:.1f} MB left",
            f"make room for {max(1, room_bytes // 1_000_000)} MB, or name a folder on another filesystem",
        )


def _nearest(path: Path) -> Path:
    """Return the path, or the nearest of the folders above it that exists. Raises Wrong."""
    for candidate in (path, *path.parents):
        try:
            candidate.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            if _is_link(candidate):
                problem = f"{_quoted(candidate)} is a link that leads nowhere"
                raise Wrong(problem, _REMEDY) from error
        except OSError as error:
            too_long = error.errno == errno.ENAMETOOLONG
            remedy = "name a folder with a shorter path" if too_long else _REMEDY
            raise Wrong(f"{_quoted(candidate)}: {error.strerror}", remedy) from error
        else:
            return candidate
    return Path("/")


def _is_link(path: Path) -> bool:
    try:
        return stat.S_ISLNK(path.lstat().st_mode)
    except OSError:
        return False


def _quoted(path: Path) -> str:
    text = str(path)
    return repr(text if len(text) <= 200 else text[:200] + "...")  # noqa: PLR2004 - readable in a terminal
