"""The steps of a publication, purely: what comes next, and what is known when a response is lost."""

from datetime import timedelta

import pytest

from saluhall.channel import Progress
from saluhall.channels.tradera.steps import (
    Commit,
    Plan,
    Step,
    Steps,
    asked,
    committed,
    created,
    failed,
    image_added,
    next_step,
    not_committed,
    progress_from_steps,
    restart_from,
    steps_from_progress,
)
from tests.channels.tradera.practice import utc

NOW = utc("2026-11-22T12:00:00")
AUCTION = Plan(digest="d", images=2, is_published_by_create=False)
SHOP_ITEM = Plan(digest="d", images=0, is_published_by_create=True)


def known(**steps: object) -> Progress:
    whole = {"started_at": NOW, "digest": "d", "request_id": 7, **steps}
    return progress_from_steps(Steps(**whole), external_id="9")  # type: ignore[arg-type] # any fields


@pytest.mark.parametrize(
    ("progress", "step"),
    [
        (Progress(), Step.CREATE),
        (Progress(unclear=True), Step.LOOK),
        (known(), Step.ADD_IMAGE),
        (known(digest="other data"), Step.CREATE),
        (known(uploading=True), Step.CREATE),
        (known(images=1), Step.ADD_IMAGE),
        (known(images=2), Step.COMMIT),
        (known(images=2, commit=Commit.ASKED), Step.CHECK_COMMIT),
        (known(images=2, commit=Commit.DONE), None),
    ],
)
def test_what_comes_next_follows_from_what_is_known(progress: Progress, step: Step | None) -> None:
    assert next_step(progress, AUCTION, has_looked=False) is step


def test_who_has_looked_creates() -> None:
    assert next_step(Progress(unclear=True), AUCTION, has_looked=True) is Step.CREATE


@pytest.mark.parametrize(
    ("plan", "steps"),
    [
        (AUCTION, [Step.CREATE, Step.ADD_IMAGE, Step.ADD_IMAGE, Step.COMMIT]),
        (SHOP_ITEM, [Step.CREATE]),
    ],
)
def test_a_publication_without_trouble_takes_each_step_once(plan: Plan, steps: list[Step]) -> None:
    progress, taken = Progress(over="5"), []
    while (step := next_step(progress, plan, has_looked=False)) is not None:
        taken.append(step)
        progress = asked(progress, step, plan, now=NOW)
        match step:
            case Step.CREATE:
                progress = created(progress, request_id=7, external_id="9")
            case Step.ADD_IMAGE:
                progress = image_added(progress)
            case _:
                progress = committed(progress, ends_at=NOW)

    assert taken == steps
    assert (progress.external_id, progress.over, progress.may_be_live) == ("9", "5", True)
    assert steps_from_progress(progress).commit is Commit.DONE


@pytest.mark.parametrize(
    ("plan", "before", "step", "following"),
    [
        (AUCTION, Progress(), Step.CREATE, Step.LOOK),
        (SHOP_ITEM, Progress(), Step.CREATE, Step.LOOK),
        (
            AUCTION,
            known(),
            Step.ADD_IMAGE,
            Step.CREATE,
        ),  # nobody can see whether the request has it
        (AUCTION, known(images=2), Step.COMMIT, Step.CHECK_COMMIT),
    ],
)
def test_after_a_lost_response_nothing_is_made_twice(
    plan: Plan, before: Progress, step: Step, following: Step
) -> None:
    sent = asked(before, step, plan, now=NOW)
    lost = failed(before, step, sent, fresh=Progress(), unclear=True)
    assert next_step(lost, plan, has_looked=False) is following
    assert failed(before, step, sent, fresh=Progress(), unclear=False) == before


def test_a_create_that_publishes_may_be_live_before_its_response() -> None:
    assert asked(Progress(), Step.CREATE, SHOP_ITEM, now=NOW).may_be_live
    assert not asked(Progress(), Step.CREATE, AUCTION, now=NOW).may_be_live


def test_a_restart_keeps_when_it_began_and_what_is_over() -> None:
    begun = asked(restart_from(Progress(over="5")), Step.CREATE, AUCTION, now=NOW)
    again = asked(restart_from(begun), Step.CREATE, AUCTION, now=NOW + timedelta(hours=1))

    steps = steps_from_progress(again)
    assert (steps.started_at, steps.asked_at) == (NOW, NOW + timedelta(hours=1))
    assert again.over == "5"
    assert restart_from(begun).may_be_live


def test_a_commit_that_has_not_arrived_is_made_again() -> None:
    waiting = known(images=2, commit=Commit.ASKED)
    assert next_step(not_committed(waiting), AUCTION, has_looked=False) is Step.COMMIT
