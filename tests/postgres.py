"""One embedded PostgreSQL for the whole test run; every test that asks gets a fresh, migrated database of it."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from saluhall import bootstrap
from saluhall.storage.embedded import NEWEST_VERSION, EmbeddedPostgres

TESTED_VERSION = int(os.environ.get("SALUHALL_TEST_POSTGRES", NEWEST_VERSION))
_TEMPLATE = "saluhall_template"
_ROOM_BYTES = (
    4 * 1024**3
)  # for each of a few servers: their files, and log that is not yet recycled


class Postgres:
    """The server; `url_of` names a database on it."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.admin_url = server.url
        self._admin = psycopg.connect(server.url, autocommit=True)

    def close(self) -> None:
        self._admin.close()

    def url_of(self, name: str) -> str:
        return self.admin_url.replace("/postgres?", f"/{name}?")

    def be_quick(self) -> None:
        """Do not wait for the disk: what is here is thrown away at the end of the run, and nobody pulls a plug."""
        for setting in ("fsync", "full_page_writes"):
            self._run(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
        self._run(sql.SQL("select pg_reload_conf()").format())

    async def make_template(self) -> None:
        self._run(sql.SQL("create database {}").format(sql.Identifier(_TEMPLATE)))
        await bootstrap.prepare(self.url_of(_TEMPLATE))

    def new_database(self, *, empty: bool = False) -> str:
        name = f"t_{uuid.uuid4().hex}"
        template = "template1" if empty else _TEMPLATE
        # Its files are copied in half the time that it takes to log their pages.
        self._run(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Drop a database that no test needs again."""
        name = conninfo_to_dict(url)["dbname"]
        self._run(sql.SQL("drop database {} with (force)").format(sql.Identifier(str(name))))

    def _run(self, statement: sql.Composed) -> None:
        self._admin.execute(statement)


def _quickest_folder() -> Path | None:
    """Return a folder in memory if there is one with room: a database is made there in a quarter of the processor time."""
    memory = Path("/dev/shm")  # noqa: S108 - what is made there has an unpredictable name
    has_room = memory.is_dir() and shutil.disk_usage(memory).free >= _ROOM_BYTES
    return memory if has_room and os.access(memory, os.W_OK) else None


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start the version in SALUHALL_TEST_POSTGRES (16 or 18)."""
    with tempfile.TemporaryDirectory(prefix="saluhall-test-", dir=_quickest_folder()) as folder:
        server = EmbeddedPostgres(Path(folder), version=TESTED_VERSION)
        try:
            with closing(Postgres(server)) as started:
                started.be_quick()
                yield started
        finally:
            server.close()
