"""What a run found: `bench/peers.json` with everything, and a table."""

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from bench.peers.peer import Peer
from bench.peers.run import Line
from bench.peers.work import BULK_CONNECTIONS, CONNECTIONS, ORDERS, PRODUCTS, TARGET

_WHOLE = 100
_HOLDS = {True: "holds", False: "MISSED", None: ""}
RESULTS = Path(__file__).parent.parent / "peers.json"


def load() -> tuple[float, float, float]:
    """Return how busy the machine is: the load averages of 1, 5 and 15 minutes."""
    return os.getloadavg()


def write(
    peers: Sequence[Peer],
    lines: Sequence[Line],
    absent: Mapping[str, str],
    loads: Mapping[str, tuple[float, float, float]],
) -> None:
    """Write all that is known of a run; the first of the peers is ours."""
    ours = peers[0].name
    found: dict[str, Any] = {
        "date": datetime.now(UTC),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": loads,
        "connections": CONNECTIONS,
        "bulk_connections": BULK_CONNECTIONS,
        "products": PRODUCTS,
        "orders": ORDERS,
        "target": TARGET,
        "peers": {p.name: {"version": p.version, "setup": p.setup} for p in peers},
        "absent": absent,
        "jobs": [_plain(line, ours) for line in lines],
    }
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(found)))


def _plain(line: Line, ours: str) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(line),
        "medians": {name: line.rate(name) for name in line.rates},
        "best_peer": line.best_peer(ours),
        "factor": line.factor(ours),
        "holds": line.holds(ours),
    }


def show(peers: Sequence[Peer], lines: Sequence[Line], absent: Mapping[str, str]) -> None:
    """Print the table; the first of the peers is ours."""
    ours = peers[0].name
    table = Table(title=f"{datetime.now(UTC):%Y-%m-%d}: make bench-peers", title_justify="left")
    table.add_column("job")
    for peer in peers:
        table.add_column(peer.name, justify="right")
    table.add_column("ours / best", justify="right")
    table.add_column("target", justify="right")
    table.add_column("")
    for line in lines:
        factor = line.factor(ours)
        table.add_row(
            line.job.what,
            *(_cell(line, peer.name) for peer in peers),
            "no peer can" if factor is None else f"{factor:.1f}x",
            f"{TARGET:.0f}x",
            _HOLDS[line.holds(ours)],
        )
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(table)
    for peer in peers:
        console.print(f"{peer.name} {peer.version}: {peer.setup}", markup=False, highlight=False)
    for name, why in absent.items():
        console.print(f"{name} was not measured: {why}", markup=False, highlight=False)


def _cell(line: Line, name: str) -> str:
    if name in line.cannot:
        return f"cannot: {line.cannot[name]}"
    rates = line.rates[name]
    span = f"{_rate(min(rates))} to {_rate(max(rates))}"
    return f"{_rate(line.rate(name))}/s\n{span}\n{len(rates)} x {line.rows[name]:,}"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE else f"{value:.1f}"
