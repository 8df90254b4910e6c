"""A TypeScript client of our OpenAPI document compiles, puts, reads, and gets typed errors: `make test-clients`."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hub import Hub

SOURCE = Path(__file__).parent / "typescript"


async def test_a_typescript_client_gets_typed_errors_and_goes_through_the_quick_start(
    hub: Hub, tmp_path: Path
) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing: install Node.js 20 or newer")
    folder = tmp_path / "client"
    shutil.copytree(SOURCE, folder)
    _, _, document = await hub.request("GET", "/schema/openapi.json")
    (folder / "openapi.json").write_bytes(document)

    shop = await hub.open_shop()
    await shop.connect()

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def work() -> str:
        run(npm, "ci", "--no-audit", "--no-fund")
        run(npm, "exec", "openapi-typescript", "--", "openapi.json", "-o", "api.d.ts")
        run(npm, "exec", "tsc")
        return run("node", "out/main.js", hub.base, shop.api_key, hub.market.url)

    assert await asyncio.to_thread(work) == "ok\n"
