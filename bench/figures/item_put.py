"""item-put: PUT of new items over HTTP against `pgbench` with the hub's own upsert, alternating on one database."""

import asyncio
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from bench.figure import Figure, Result, middle, percentile, spread
from bench.load import Order, Report, send
from bench.seller import CATALOG, Seller, open_account
from bench.stage import Stage
from saluhall.dialects.rheo.translate import patch_from_body
from saluhall.domain.products.upsert_store import UPSERT
from saluhall.kit.clock import utc_now
from saluhall.storage.embedded import binary

TARGET = 1 / 8
ROUNDS = 5
SECONDS = 3
CONNECTIONS = 16
PROCESSES = (1, 2)
BODY = (
    '{"title":"Volvo V70 headlight left {n}","description":"Used, tested, ready to fit.",'
    '"price":1250,"shippingCost":99,"weightKg":4.1,"currency":"SEK",'
    '"domain":{"domain":"auto_parts","vehicle":{"manufacturer":"Volvo","model":"V70","year":2011},'
    '"part":{"name":"Headlight","oemNumber":"31420118"},"conditionGrade":"B"},'
    '"metadata":{"bin":"A-17","erp":"{n}"}}'
)


async def measure(stage: Stage) -> list[Result]:
    """Measure with one API process, then with two; the figure is the default, one."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    script = stage.folder / "put.sql"
    script.write_text(pgbench_script(seller))
    return [await _measure(stage, url, seller, script, processes=n) for n in PROCESSES]


async def _measure(
    stage: Stage, url: str, seller: Seller, script: Path, *, processes: int
) -> Result:
    name = "item-put" if processes == 1 else f"item-put-{processes}-processes"
    ours, theirs, ratios = [], [], []
    env = stage.settings(SALUHALL_DATABASE_URL=url)
    async with stage.server(env, processes=processes) as (server, port):
        await put_items(port, seller, prefix=f"warm-{name}", seconds=1)
        for number in range(ROUNDS):
            before = server.cpu_s()
            report = await put_items(port, seller, prefix=f"{name}-{number}", seconds=SECONDS)
            _say(report, server.cpu_s() - before)
            ours.append(len(report.answered) / report.elapsed_s)
            theirs.append(await _pgbench(url, script))
            ratios.append(ours[-1] / theirs[-1])
    return Result(
        figure=name,
        ours=middle(ours),
        reference=middle(theirs),
        ratio=middle(ratios),
        unit="ratio",
        target=TARGET,
        note=f"items/s, {processes} API process(es), {CONNECTIONS} connections; ratio {spread(ratios)}",
    )


def _say(report: Report, server_cpu_s: float) -> None:
    rate = len(report.answered) / report.elapsed_s
    print(
        f"  {rate:7.0f} PUT/s, p95 {percentile(report.latencies, 0.95) * 1000:.1f} ms;"
        f" processor: client {report.cpu_s / report.elapsed_s:.0%},"
        f" hub {server_cpu_s / report.elapsed_s:.0%}",
        flush=True,
    )


async def put_items(port: int, seller: Seller, *, prefix: str, seconds: float) -> Report:
    """Put new items for so many seconds. Raises RuntimeError when one is refused."""
    order = Order(
        port=port,
        api_key=seller.api_key,
        prefix=prefix,
        body=BODY,
        connections=CONNECTIONS,
        seconds=seconds,
    )
    report = await send(order)
    if report.refused or not report.answered:
        raise RuntimeError(f"{report.refused} PUTs refused, {len(report.answered)} answered")
    return report


def pgbench_script(seller: Seller) -> str:
    """Write the hub's upsert for pgbench; only the SKU and the id differ from one execution to the next."""
    patch = patch_from_body(BODY.replace("{n}", "1").encode(), external_id="?")
    before, after = msgspec.json.encode([patch]).decode().replace("'", "''").split("?")
    numbers = "(:first::bigint)::text || '-' || (:second::bigint)::text"
    filled = {
        "account_id": f"'{seller.account_id}'::uuid",
        "patches": f"('{before}' || {numbers} || '{after}')",
        "new_ids": "('{' || gen_random_uuid() || '}')",
        "catalog": f"'{CATALOG}'",
        "of_catalogs": "'{}'",
        "cleared": "'[]'",
        "mode": "'put'",
        "now": f"'{utc_now().isoformat()}'::timestamptz",
        "batch_id": "gen_random_uuid()",
        "actor": "'bench'",
        "source": "'bench'",
        "request_id": "null",
        "request_ids": "null",
    }
    statement = re.sub(r"%\((\w+)\)s", lambda found: filled[found[1]], UPSERT)
    chance = "random(1, 9000000000000000000)"
    return f"\\set first {chance}\n\\set second {chance}\n{statement.replace('%%', '%')};\n"


async def _pgbench(url: str, script: Path) -> float:
    """Run pgbench and return its transactions per second."""
    parts = urlsplit(url)
    tool = binary("pgbench")
    arguments = [
        "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(SECONDS),
        "-f", str(script), "-U", parts.username or "postgres",
        "-h", parts.hostname or parse_qs(parts.query)["host"][0], "-p", str(parts.port or 5432),
        parts.path.lstrip("/"),
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        str(tool),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found = re.search(rb"tps = ([0-9.]+)", output)
    if found is None or process.returncode:
        raise RuntimeError(f"pgbench failed: {errors.decode()[-2000:]}")
    return float(found.group(1))


FIGURE = Figure(name="item-put", measure=measure)
