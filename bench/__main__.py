"""Run figures: `python -m bench [FIGURE ...]` writes bench/results.json and prints a table."""

import asyncio
import signal
import sys
import tempfile
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
    item_batch,
    item_put,
    list_pages,
    order_json,
    order_status,
    product_export,
    put_to_created,
    replay,
    restart,
    webhooks,
)
from bench.stage import Stage

FIGURES: tuple[Figure, ...] = (
    item_put.FIGURE,
    put_to_created.FIGURE,
    webhooks.FIGURE,
    replay.FIGURE,
    restart.FIGURE,
    bulk_products.FIGURE,
    product_export.FIGURE,
    order_json.FIGURE,
    order_status.FIGURE,
    item_batch.FIGURE,
    list_pages.FIGURE,
    growth.FIGURE,
)
_RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Measure what the command line names, else everything."""
    wanted = sys.argv[1:]
    known = {name: figure for figure in FIGURES for name in (figure.name, *figure.also)}
    if unknown := [name for name in wanted if name not in known]:
        sys.exit(f"no such figure: {', '.join(unknown)}; there are {', '.join(known)}")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    chosen = [f for f in FIGURES if not wanted or not {f.name, *f.also}.isdisjoint(wanted)]
    try:
        results = asyncio.run(_measure(chosen))
    except KeyboardInterrupt:
        sys.exit(130)
    _RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode([_plain(r) for r in results])))
    _show(results)


async def _measure(chosen: Sequence[Figure]) -> list[Result]:
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="saluhall-bench-") as folder:
        async with Stage(Path(folder)) as stage:
            for figure in chosen:
                print(figure.name, flush=True)
                results.extend(await figure.measure(stage))
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
