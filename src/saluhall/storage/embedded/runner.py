"""As which system user PostgreSQL runs. It refuses to run as root, and initdb refuses a user without a name."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from saluhall.storage.database import DatabaseUnavailable

# Until 0.1 a hub that ran as root gave its database's files to this user.
_FORMER_USER = "pgserver"
_OVERFLOW_UID = 65534  # inside a namespace everybody who is not mapped appears as this one
_NO_NAMESPACE = (
    "PostgreSQL cannot run as {who}, and this system does not allow the user namespace in which it could"
    " ({why}): run the hub as another user, or set SALUHALL_DATABASE_URL"
)


class Runner(Struct, frozen=True):
    """How to start PostgreSQL's programs. `name` is what the system calls our processes in the eyes of the server."""

    name: str
    prefix: tuple[str, ...] = ()
    options: Mapping[str, Any] = {}

    def popen(self, arguments: Sequence[str | Path], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program, in a session of its own: Ctrl-C is for the hub, which stops PostgreSQL when it no longer needs it."""
        return subprocess.Popen(  # noqa: S603 - our own programs
            [*self.prefix, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            **self.options,
            **options,
        )


def runner_of(data_dir: Path, folder: Path) -> Runner:
    """Choose as whom PostgreSQL runs on this folder. Raises DatabaseUnavailable."""
    me, owner = os.geteuid(), folder.stat().st_uid if folder.exists() else os.geteuid()
    if owner != me:
        return _former_runner(data_dir, folder, owner)
    name = _name_of(me)
    if me != 0 and name is not None:
        return Runner(name=name)
    return _runner_in_namespace(name or f"the user {me}, who has no name")


def refuse_strangers(data_dir: Path, folder: Path) -> None:
    """See that the data dir is ours to use. Raises DatabaseUnavailable."""
    found = stranger_of(data_dir, folder)
    if found is not None:
        path, owner, me = found
        raise DatabaseUnavailable(
            f"{path} belongs to the user {owner}, and this runs as {me}:"
            f" run it as {owner}, or use another data dir"
        )


def stranger_of(data_dir: Path, folder: Path) -> tuple[Path, str, str] | None:
    """Return what belongs to another user, the name of that user, and ours; None where the data dir is ours to use.

    The owner of the data dir could not read what root makes there, and the other way round.
    """
    me = os.geteuid()
    for path in (folder, data_dir):
        if not path.exists():
            continue
        owner = path.stat().st_uid
        if owner == me or (path == folder and _is_former(data_dir, owner)):
            return None
        if path == folder or me == 0:
            return path, _name_of(owner) or str(owner), _name_of(me) or str(me)
    return None


def _former_runner(data_dir: Path, folder: Path, owner: int) -> Runner:
    if not _is_former(data_dir, owner):
        raise DatabaseUnavailable(f"{folder} belongs to another user")
    group = folder.stat().st_gid
    return Runner(name="root", options={"user": owner, "group": group, "extra_groups": []})


def _is_former(data_dir: Path, owner: int) -> bool:
    """Return whether root made this data dir, and gave the database in it to a user of its own."""
    return os.geteuid() == 0 and data_dir.stat().st_uid == 0 and _name_of(owner) == _FORMER_USER


def _runner_in_namespace(who: str) -> Runner:
    """Let us appear as somebody else: files keep their owner, nothing is made in the system, and only we come in as that one."""
    unshare = shutil.which("unshare")
    if unshare is None:
        raise DatabaseUnavailable(_NO_NAMESPACE.format(who=who, why="there is no `unshare`"))
    other = next(each for each in pwd.getpwall() if each.pw_uid not in {0, _OVERFLOW_UID})
    prefix = (
        unshare, "--user", f"--map-user={other.pw_uid}", f"--map-group={other.pw_gid}", "--",
    )  # fmt: skip
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)  # noqa: S603 - as above
    if tried.returncode:
        why = tried.stderr.decode(errors="replace").strip().removeprefix("unshare: ")
        raise DatabaseUnavailable(_NO_NAMESPACE.format(who=who, why=why))
    return Runner(name=other.pw_name, prefix=prefix)


def _name_of(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
