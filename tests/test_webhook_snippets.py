"""The programs of the guide to webhooks take a right signature and refuse a wrong and an old one."""

import asyncio
import re
import shutil
import subprocess
import sys
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from saluhall.dialects.rheo.delivery_check import received_from_delivery
from saluhall.dialects.rheo.webhooks import signed_headers
from saluhall.kit.secrets import new_webhook_secret

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
SNIPPETS = GUIDE / "webhooks"
BODY = '{"eventId":"evt_1","eventType":"item.sold","data":{"externalId":"DÖRR/1 %2F"}}\n'.encode()
PROGRAMS = {
    "verify.py": sys.executable,
    "verify.sh": "bash",
    "verify.mjs": "node",
    "verify.php": "php",
    "Verify.java": "java",
}
NEEDED = {"verify.py", "verify.sh"}


def command_of(name: str, folder: Path) -> list[str]:
    """Return how to run a program; skip, loudly, when its interpreter is missing."""
    interpreter = PROGRAMS[name]
    found = shutil.which("javac" if interpreter == "java" else interpreter)
    if found is None:
        assert name not in NEEDED, f"{interpreter} is missing"
        warnings.warn(f"{name} is not run: {interpreter} is missing", stacklevel=1)
        pytest.skip(f"{interpreter} is missing: {name} is not run")
    if interpreter == "java":  # compiled once, rather than at each of the runs
        subprocess.run([found, "-d", str(folder), str(SNIPPETS / name)], check=True)
        return [interpreter, "-XX:TieredStopAtLevel=1", "-cp", str(folder), "Verify"]
    return [found, str(SNIPPETS / name)]


async def says(command: list[str], secret: str, headers: dict[str, str], body: bytes) -> str:
    given = (headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    process = await asyncio.create_subprocess_exec(
        *command, secret, *given, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate(body)
    assert process.returncode == {b"valid\n": 0, b"not valid\n": 1}[out]
    return out.decode().strip()


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_right_signature_is_taken_and_a_wrong_or_old_one_refused(
    name: str, tmp_path: Path
) -> None:
    command = command_of(name, tmp_path)
    new, old = new_webhook_secret(), new_webhook_secret()
    now = datetime.now(UTC)
    fresh = signed_headers([new, old], "evt_1", now, BODY)  # while the secret is being replaced
    late = signed_headers([new], "evt_1", now - timedelta(minutes=6), BODY)

    answers = await asyncio.gather(
        says(command, new, fresh, BODY),
        says(command, old, fresh, BODY),
        says(command, new_webhook_secret(), fresh, BODY),
        says(command, new, fresh, BODY.replace(b"sold", b"gone")),
        says(command, new, {**fresh, "webhook-id": "evt_2"}, BODY),
        says(command, new, late, BODY),
    )

    assert list(answers) == ["valid", "valid", *["not valid"] * 4]


async def test_what_curl_and_openssl_sign_is_taken_as_the_hub_s() -> None:
    results: list[dict[str, bool]] = []
    secret = new_webhook_secret()
    body = (
        b'{"eventId":"evt_1","eventType":"item.sold","timestamp":"2026-05-26T09:14:03Z","data":{"externalId":"A","rheoItemId":"1",'
        b'"platform":"rheo","salePrice":5,"currency":"SEK","account":{"rheoUserId":"1"}}}'
    )

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): text for name, text in request.headers.items()}
        read = received_from_delivery(secret, headers, await request.read(), datetime.now(UTC))
        results.append(dict(read.signatures))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        process = await asyncio.create_subprocess_exec(
            "bash", str(SNIPPETS / "send.sh"), secret, url, stdin=subprocess.PIPE
        )
        await process.communicate(body)
    finally:
        await runner.cleanup()

    assert process.returncode == 0
    assert results == [{"X-Rheo-Signature": True, "webhook-signature": True}]


def test_the_guide_shows_the_programs_that_are_run() -> None:
    text = (GUIDE / "webhooks.md").read_text(encoding="utf-8")
    shown = re.findall(r"\(webhooks/([\w.]+)\)\):\n\n```\w+\n(.*?)\n```", text, re.DOTALL)

    assert {name for name, _ in shown} == {file.name for file in SNIPPETS.iterdir()}
    for name, program in shown:
        assert program == (SNIPPETS / name).read_text(encoding="utf-8").rstrip(), name
