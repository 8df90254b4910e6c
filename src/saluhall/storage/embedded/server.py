"""PostgreSQL's programs at work: a new folder is made, a server is started."""

import os
import shutil
import subprocess
from pathlib import Path

from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.embedded.binaries import binary
from saluhall.storage.embedded.runner import Runner
from saluhall.storage.embedded.sockets import PORT
from saluhall.storage.embedded.tuning import tuning

SUPERUSER = "postgres"
_MAP = "saluhall"
_IDENT = "saluhall_ident.conf"
_HBA = f"""\
# Written once by Saluhall at the first start; edit freely.
# Through the socket comes in who runs the hub ({_IDENT}, written at each start), and nobody else.
local all all peer map={_MAP}
local replication all peer map={_MAP}
"""


def version_of(folder: Path) -> int | None:
    """Return the version of PostgreSQL that made this folder, or None."""
    file = folder / "PG_VERSION"
    text = file.read_text(encoding="ascii").strip() if file.is_file() else ""
    return int(text) if text.isdecimal() else None


def initialise(folder: Path, *, version: int, runner: Runner) -> None:
    """Make a new database. Raises DatabaseUnavailable.

    It gets its name when it is whole, so that a start that is killed here leaves nothing that is half.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DatabaseUnavailable(
            f"{folder} is not empty and no database of PostgreSQL: use another data dir"
        )
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    process = runner.popen(
        [
            binary("initdb", version), "-D", new, "-U", SUPERUSER, "--encoding=utf8",
            "--auth-local=peer", "--auth-host=reject", "--no-instructions",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    output = process.communicate()[1].decode(errors="replace").strip()
    if process.returncode:
        shutil.rmtree(new, ignore_errors=True)
        raise DatabaseUnavailable(f"no database could be made in {folder}: {_last_line(output)}")
    with (new / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write(tuning())
    (new / "pg_hba.conf").write_text(_HBA, encoding="utf-8")
    new.rename(folder)


def launch(folder: Path, *, version: int, runner: Runner, sockets: Path) -> subprocess.Popen[bytes]:
    """Start the server of this folder; it is not ready yet."""
    options = {"unix_socket_permissions": "0700", "listen_addresses": ""}
    if folder.stat().st_uid == os.geteuid():
        (folder / _IDENT).write_text(f'{_MAP} "{runner.name}" {SUPERUSER}\n', encoding="utf-8")
        options["ident_file"] = str(folder / _IDENT)
    quoted = str(sockets).replace('"', '""')
    arguments: list[str | Path] = [
        binary("postgres", version), "-D", folder, "-k", f'"{quoted}"', "-p", str(PORT),
    ]  # fmt: skip
    arguments += [word for name in options for word in ("-c", f"{name}={options[name]}")]
    with _log_of(folder).open("ab") as log:
        return runner.popen(arguments, stdout=log, stderr=log)


def log_size(folder: Path) -> int:
    """Return how many bytes the server of this folder has logged so far."""
    log = _log_of(folder)
    return log.stat().st_size if log.exists() else 0


def did_not_start(folder: Path, logged: int) -> DatabaseUnavailable:
    """Say why a server ended at its start: what it wrote after so many bytes of its log."""
    with _log_of(folder).open("rb") as log:
        log.seek(logged)
        said = _last_line(log.read().decode(errors="replace"))
    return DatabaseUnavailable(
        f"the embedded PostgreSQL does not start: {said} (more in {_log_of(folder)})"
    )


def _log_of(folder: Path) -> Path:
    return folder / "log"


def _last_line(text: str) -> str:
    """Return the last line that matters: the line after it only says that PostgreSQL ended."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    grave = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "error:" in line]
    return (grave or lines or ["it said nothing"])[-1]
