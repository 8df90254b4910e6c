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
        """Tell whether the target is met: by the ratio for figures with a measured reference, else by the value itself."""
        reached = self.ratio if self.unit == "ratio" else self.ours
        return reached <= self.target if self.lower_is_better else reached >= self.target


Measure = Callable[[Stage], Awaitable[Sequence[Result]]]


class Figure(Struct, frozen=True, kw_only=True):
    """A figure's name, and what measures it; one measurement may give several results, named in `also`."""

    name: str
    measure: Measure
    also: tuple[str, ...] = ()


def middle(values: Sequence[float]) -> float:
    """Take the median of rounds."""
    return float(median(values))


def percentile(values: Sequence[float], part: float) -> float:
    """Take the value below which this part (0 to 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def spread(values: Sequence[float]) -> str:
    """Write the lowest and the highest of rounds."""
    return f"{min(values):,.4g} to {max(values):,.4g} in {len(values)} rounds"
