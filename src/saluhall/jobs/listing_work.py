"""Due listings, grouped by the call that does what is next for them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from saluhall.domain.connections.capabilities import rules_of
from saluhall.domain.listings.model import DueListing
from saluhall.domain.listings.record import next_step
from saluhall.domain.listings.steps import Step
from saluhall.jobs.publish import Content
from saluhall.jobs.update import UPDATES


class Work(Struct, frozen=True):
    """Listings with the same step that one call does, with the contents of what is published or revised."""

    step: Step | None
    due: list[DueListing]
    contents: Mapping[UUID, Content] = {}


def work_from_due(due: Sequence[DueListing], contents: Mapping[UUID, Content]) -> list[Work]:
    """Group what one call does: checks, and updates up to the batch of their format. Everything else is one call each."""
    groups: dict[tuple[object, Step | None], list[DueListing]] = {}
    for each in due:
        step = next_step(each)
        is_alone = step is not Step.CHECK and step not in UPDATES
        key = each.listing.id if is_alone else each.listing.format
        groups.setdefault((key, step), []).append(each)
    works: list[Work] = []
    for (_, step), group in groups.items():
        size = _batch(group[0]) if step in UPDATES else len(group)
        works += [Work(step, group[at : at + size], contents) for at in range(0, len(group), size)]
    return works


def _batch(due: DueListing) -> int:
    rules = rules_of(due.offer.channel, due.listing.format)
    return rules.update_batch if rules else 1
