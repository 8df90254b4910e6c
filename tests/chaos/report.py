"""What a story came to, as text."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from tests.chaos.facts import Facts
from tests.chaos.invariants import Kind, Violation
from tests.chaos.ledger import Item
from tests.chaos.moves import CallFault, Move, name_of
from tests.chaos.seller import Answers

_KINDS: tuple[Kind, ...] = ("lost", "doubled", "stuck", "wrong")
_MAX_SHOWN = 60


class Report(Struct, frozen=True, kw_only=True):
    """The figures of a story, and what was not as it must be."""

    seed: int
    story_s: float
    moves: Sequence[Move]
    answers: Answers
    calls: int
    calls_met: Counter[CallFault]
    hooks_refused: int
    items: int
    listings: int
    orders: int
    events: int
    writes: int
    ended_by_itself: int
    hands: int
    recovered_s: tuple[float, float]
    left: Sequence[Violation]
    traces: Mapping[Item, Sequence[str]]
    troubles: Sequence[str]
    facts: Facts | None

    @property
    def is_good(self) -> bool:
        """Tell whether every promise was kept."""
        return not self.left and not self.answers.odd and not self.hands

    def text(self) -> str:
        """Write the report."""
        troubles = () if self.is_good else ("troubles:", *(f"  {each}" for each in self.troubles))
        return "\n".join((*self._tried(), *self._came(), *self._violations(), *troubles))

    def _tried(self) -> list[str]:
        moves = Counter(map(name_of, self.moves))
        return [
            f"CHAOS_SEED={self.seed}, {self.story_s:.0f} s",
            f"tried: {_counts(moves.items())}",
            f"calls to the marketplace: {self.calls}, of them met a fault: {_counts(self.calls_met.items())}",
            f"webhooks refused: {self.hooks_refused}",
        ]

    def _came(self) -> list[str]:
        pause_s = self.answers.longest_pause_s()
        as_it_stood, after_the_end = self.recovered_s
        return [
            f"accepted writes: {self.writes}; items: {self.items}; listings: {self.listings}; orders: {self.orders}; events: {self.events}",
            f"answers: {_counts(self.answers.statuses.items())}; longest time without an accepted write: {pause_s:.1f} s",
            f"the hub ended by itself: {self.ended_by_itself}; had to be started by hand: {self.hands}",
            f"recovered in {as_it_stood:.1f} s, and in {after_the_end:.1f} s after all auctions had ended",
        ]

    def _violations(self) -> list[str]:
        counts = Counter(each.kind for each in self.left)
        totals = ", ".join(f"{counts[kind]} {kind}" for kind in _KINDS)
        shown = [line for each in self.left[:_MAX_SHOWN] for line in self._violation(each)]
        odd = [f"  answer   {each}" for each in self.answers.odd[:_MAX_SHOWN]]
        return [f"{totals}; odd answers: {len(self.answers.odd)}", *shown, *odd]

    def _violation(self, found: Violation) -> list[str]:
        """Show a violation, with what happened to its item."""
        if found.item is None:
            return [f"  {found}"]
        trace = [*self.traces.get(found.item, ()), *self._seen(found.item)]
        return [f"  {found}", *(f"           {line}" for line in trace)]

    def _seen(self, item: Item) -> list[str]:
        """Show what is known of an item from outside."""
        if self.facts is None:
            return []
        shop, sku = item
        return [
            f"shown: {self.facts.shown.get(item)}",
            *(
                str(e)
                for e in self.facts.listings
                if e.title.startswith(f"{sku} ") and e.shop == shop
            ),
            *(str(event) for event in self.facts.feeds[shop] if event.sku == sku),
        ]


def _counts(found: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(found)) or "none"
