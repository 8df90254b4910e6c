"""Show a story step by step on a terminal, or as one JSON object at the end."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

T = TypeVar("T")
_MS = 1000


class NotTrue(Exception):
    """What a step promised did not come true; the message says what was seen instead."""


class Step(Struct, kw_only=True):
    """One step as it went."""

    step: str
    ok: bool = False
    ms: int = 0
    reason: str | None = None


def expect(what: str, seen: T, *, wanted: T) -> None:
    """Hold a step to its promise. Raises NotTrue."""
    if seen != wanted:
        raise NotTrue(f"{what}: wanted {wanted!r}, saw {seen!r}")


class Narrator:
    """Numbers the steps, times them, and remembers how they went."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(file=sys.stdout, highlight=False, quiet=as_json)
        self._steps: list[Step] = []
        self._log: str | None = None
        self._began = time.monotonic()

    @contextmanager
    def step(self, title: str, why: str) -> Iterator[None]:
        """Show one step, with its failure as the end. Raises NotTrue."""
        step = Step(step=title)
        self._steps.append(step)
        number = len(self._steps)
        self._console.print(f"\n[bold cyan]{number:>2}[/]  [bold]{escape(title)}[/]")
        self._indented(f"[dim]{escape(why)}[/]")
        began = time.monotonic()
        try:
            yield
            step.ok = True
        except NotTrue as error:
            step.reason = str(error)
            raise
        except Exception as error:
            step.reason = f"{type(error).__name__}: {error}"
            raise NotTrue(step.reason) from error
        finally:
            step.ms = round((time.monotonic() - began) * _MS)
            mark = "[green]done[/]" if step.ok else "[red]not true[/]"
            self._indented(f"{mark} in {step.ms} ms")
            if step.reason:
                self._indented(f"[red]{escape(step.reason)}[/]")

    def say(self, text: str) -> None:
        """Show a fact that was just seen to be true."""
        self._indented(escape(text))

    def _indented(self, markup: str) -> None:
        self._console.print(Padding(markup, (0, 0, 0, 4), expand=False))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show facts in a table."""
        table = Table(*heads)
        for row in rows:
            table.add_row(*map(escape, row))
        self._console.print(Padding(table, (0, 0, 0, 4), expand=False))

    def show_log(self, lines: str) -> None:
        """Show the end of the server's log, to find the cause."""
        self._log = lines
        self._console.print("\n[bold]The end of the server's log[/]")
        self._console.print(escape(lines))

    def close(self, *, reason: str | None = None) -> None:
        """Show how every step went, or write the one JSON object."""
        ms = round((time.monotonic() - self._began) * _MS)
        failed = [step for step in self._steps if not step.ok]
        ok = reason is None and not failed and bool(self._steps)
        reason = reason or (failed[0].reason if failed else None)
        if self._as_json:
            answer: dict[str, object] = {"ok": ok, "ms": ms, "reason": reason, "steps": self._steps}
            if self._log:
                answer["log"] = self._log.splitlines()
            sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
            return
        self._console.print()
        rows = [
            (str(number), step.step, "yes" if step.ok else "NO", f"{step.ms}")
            for number, step in enumerate(self._steps, start=1)
        ]
        self.table(("", "step", "came true", "ms"), rows)
        summary = "Every step came true" if ok else f"The story broke: {reason}"
        colour = "green" if ok else "red"
        self._console.print(f"[bold {colour}]{escape(summary)}[/] ({ms / _MS:.1f} s)")
