"""Run figures: `python -m bench [FIGURE ...]` writes bench/results.json and bench/report.md, and prints a table."""

import asyncio
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.figure import Figure, Result
from bench.figures import (
    bulk_products,
    growth,
    http_floor,
    item_batch,
    item_put,
    list_pages,
    neighbour,
    order_json,
    order_status,
    orders_in,
    product_export,
    put_to_created,
    replay,
    restart,
    start,
    webhooks,
)
from bench.report import Circumstances, report_of
from bench.stage import Stage

FIGURES: tuple[Figure, ...] = (
    item_put.FIGURE,
    http_floor.FIGURE,
    put_to_created.FIGURE,
    webhooks.FIGURE,
    neighbour.FIGURE,
    replay.FIGURE,
    restart.FIGURE,
    start.FIGURE,
    bulk_products.FIGURE,
    product_export.FIGURE,
    order_json.FIGURE,
    order_status.FIGURE,
    orders_in.FIGURE,
    item_batch.FIGURE,
    list_pages.FIGURE,
    growth.FIGURE,
)
_FOLDER = Path(__file__).parent


def main() -> None:
    """Measure what the command line names, else everything."""
    wanted = sys.argv[1:]
    known = {name: figure for figure in FIGURES for name in (figure.name, *figure.also)}
    if unknown := [name for name in wanted if name not in known]:
        sys.exit(f"no such figure: {', '.join(unknown)}; there are {', '.join(known)}")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    load_before = os.getloadavg()[0]
    chosen = [f for f in FIGURES if not wanted or not {f.name, *f.also}.isdisjoint(wanted)]
    failed: list[str] = []
    try:
        results = asyncio.run(_measure(chosen, failed))
    except KeyboardInterrupt:
        sys.exit(130)
    plain = msgspec.json.encode([_plain(r) for r in results])
    (_FOLDER / "results.json").write_bytes(msgspec.json.format(plain))
    run = Circumstances.of_run(wanted, load_before=load_before)
    (_FOLDER / "report.md").write_text(report_of(results, run), encoding="utf-8")
    _show(results)
    if failed:
        sys.exit(f"could not be measured: {', '.join(failed)}")


async def _measure(chosen: Sequence[Figure], failed: list[str]) -> list[Result]:
    """Measure one after the other; what fails is named in `failed`, and the others continue.

    Each has a stage of its own: a PostgreSQL still tidies up after one figure when the next one begins.
    """
    results: list[Result] = []
    for figure in chosen:
        print(figure.name, flush=True)
        with tempfile.TemporaryDirectory(prefix="saluhall-bench-") as folder:
            try:
                async with Stage(Path(folder)) as stage:
                    results.extend(await figure.measure(stage))
            except Exception:  # noqa: BLE001 - whatever it was, it is shown
                traceback.print_exc()
                failed.append(figure.name)
    return results


def _plain(result: Result) -> dict[str, object]:
    names = ("figure", "ours", "reference", "ratio", "unit", "target")
    return {name: getattr(result, name) for name in names}


def _show(results: Sequence[Result]) -> None:
    table = Table(title=f"{datetime.now(UTC):%Y-%m-%d}: make bench", title_justify="left")
    for name in ("figure", "ours", "reference", "ratio", "unit", "target", "", "note"):
        table.add_column(name, justify="left" if name in {"figure", "unit", "note"} else "right")
    for r in results:
        table.add_row(
            r.figure,
            f"{r.ours:,.4g}",
            f"{r.reference:,.4g}",
            f"{r.ratio:.3f}",
            r.unit,
            f"{r.target:.4g}",
            "holds" if r.holds else "MISSED",
            r.note,
        )
    Console(width=None if sys.stdout.isatty() else 200).print(table)


if __name__ == "__main__":
    main()
