"""What a figure is: a number of ours beside a reference, measured in one run."""

from collections.abc import Awaitable, Callable, Sequence
from statistics import median

from msgspec import Struct

from bench.stage import Stage


class Result(Struct, frozen=True, kw_only=True):
    """One line of `results.json`. `ratio` is ours over the reference; `target` is in `unit`, or the ratio when the unit is "ratio"."""

    figure: str
    ours: float
    reference: float
    ratio: float
    unit: str
    target: float
    lower_is_better: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        """Return whether the target is met: by the ratio for figures with a measured reference, else by the value itself."""
        reached = self.ratio if self.unit == "ratio" else self.ours
        return reached <= self.target if self.lower_is_better else reached >= self.target


Measure = Callable[[Stage], Awaitable[Sequence[Result]]]


class Figure(Struct, frozen=True, kw_only=True):
    """A figure's name, and what measures it; one measurement may give several results, named in `also`."""

    name: str
    measure: Measure
    also: tuple[str, ...] = ()


def rate_beside(
    figure: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    rows: int,
    target: float,
    what: str,
) -> Result:
    """Sum alternating rounds of seconds for so many rows up: rows a second, and the middle of the rounds' ratios."""
    ratios = [bare / whole for whole, bare in zip(ours, theirs, strict=True)]
    return Result(
        figure=figure,
        ours=rows / middle(ours),
        reference=rows / middle(theirs),
        ratio=middle(ratios),
        unit="ratio",
        target=target,
        note=f"rows/s in calls of {rows}, against {what}; ratio {spread(ratios)}",
    )


def middle(values: Sequence[float]) -> float:
    """Take the median of rounds."""
    return float(median(values))


def percentile(values: Sequence[float], part: float) -> float:
    """Take the quantile (0 to 1) of the values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def spread(values: Sequence[float]) -> str:
    """Write the lowest and the highest of rounds."""
    return f"{min(values):,.4g} to {max(values):,.4g} in {len(values)} rounds"
