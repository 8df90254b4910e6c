"""saluhall migrate."""

import asyncio

from saluhall import bootstrap
from saluhall.cli.session import AsJson, DataDir, read_settings, show


def migrate(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Bring the database to the newest schema."""
    settings = read_settings(data_dir)

    async def run() -> list[str]:
        async with bootstrap.database(settings) as url:
            return await bootstrap.prepare(bootstrap.direct_url(settings, url))

    show({"applied": asyncio.run(run())}, as_json=as_json)
