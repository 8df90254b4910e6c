"""What a run of figures leaves behind for docs/performance.md: a table and a plot in Markdown, with the command, the day and the load."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from bench.figure import Result

_HEAD = "| Figure | Ours | Reference | Ratio | Unit | Target | | How |\n|---|---:|---:|---:|---|---:|---|---|"
_TALLEST = 10.0  # a bar is cut there, so that the short ones can be distinguished


class Circumstances(Struct, frozen=True, kw_only=True):
    """When, how and on what a run was made; `loads` are the one-minute load averages before and after."""

    command: str
    at: datetime
    loads: tuple[float, float]
    cores: int
    python: str

    @classmethod
    def of_run(cls, figures: Sequence[str], *, load_before: float) -> "Circumstances":
        """Look around at the end of a run of these figures, all when there are none."""
        chosen = f' FIGURES="{" ".join(figures)}"' if figures else ""
        return cls(
            command=f"make bench{chosen}",
            at=datetime.now(UTC),
            loads=(load_before, os.getloadavg()[0]),
            cores=os.cpu_count() or 0,
            python=platform.python_version(),
        )


def report_of(results: Sequence[Result], run: Circumstances) -> str:
    """Write the report."""
    first = (
        f"`{run.command}`, {run.at:%Y-%m-%d %H:%M} UTC, {run.cores} cores, Python {run.python}, "
        f"load average {run.loads[0]:.1f} before and {run.loads[1]:.1f} after."
    )
    aimed = [result for result in results if result.target]
    parts = [first, "\n".join([_HEAD, *map(_row, results)])]
    return "\n\n".join([*parts, _plot(aimed)] if aimed else parts) + "\n"


def times_target(result: Result) -> float:
    """Return how many times better than its target a figure is: 1 is exactly reached, less is missed."""
    reached = result.ratio if result.unit == "ratio" else result.ours
    if not result.lower_is_better:
        return reached / result.target
    return result.target / reached if reached > 0 else _TALLEST


def _row(r: Result) -> str:
    result = "" if not r.target else "holds" if r.holds else "**missed**"
    target = "" if not r.target else f"{'at most ' if r.lower_is_better else ''}{r.target:.3g}"
    cells = [f"`{r.figure}`", f"{r.ours:,.4g}", f"{r.reference:,.4g}", f"{r.ratio:.3f}", r.unit]
    return "| " + " | ".join([*cells, target, result, r.note]) + " |"


def _plot(results: Sequence[Result]) -> str:
    names = ", ".join(f'"{r.figure}"' for r in results)
    heights = ", ".join(f"{min(times_target(r), _TALLEST):.2f}" for r in results)
    line = ", ".join("1" for _ in results)
    return "\n".join(
        [
            "```mermaid",
            "xychart-beta horizontal",
            '  title "How many times better than its target (the line is the target; bars end at 10)"',
            f"  x-axis [{names}]",
            f'  y-axis "times the target" 0 --> {_TALLEST:.0f}',
            f"  bar [{heights}]",
            f"  line [{line}]",
            "```",
        ]
    )
