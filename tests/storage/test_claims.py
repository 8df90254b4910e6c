"""A worker knows by its own steady clock whether it may begin a call, and whether it may call others dead."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from saluhall.channels.tradera.settings import Settings
from saluhall.domain.webhooks import model as webhooks
from saluhall.jobs import deliver_webhooks as deliveries
from saluhall.jobs import enhance_texts, fetch_images, sync_connection
from saluhall.jobs import poll_connection as polls
from saluhall.jobs import push_orders as pushes
from saluhall.kit.clock import HubClock, steady_s
from saluhall.kit.environment import BadSetting
from saluhall.kit.ids import new_id
from saluhall.storage import Database, claims
from saluhall.storage.claims import (
    DEAD_AFTER_S,
    MAX_BEAT_AGE_S,
    MAX_CALL_S,
    MAX_HOLD_S,
    Life,
    MayNotAct,
    acting_since,
)

START = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Worker:
    """A life, a steady clock that a test moves, and the database's clock beside it."""

    def __init__(self) -> None:
        self.s = 1000.0
        self.life = Life(lambda: self.s)
        self.beat(is_new=True)

    def beat(self, *, is_new: bool = False, ahead_s: float = 0) -> None:
        at = START + timedelta(seconds=self.s + ahead_s)
        self.life.beat(sent_at=self.s, is_new=is_new, at=at)

    def live(self, seconds: int) -> None:
        for _ in range(seconds):
            self.s += 1
            self.beat()

    def may_call(self, *, claimed_at: float | None = None) -> bool:
        async def ask() -> bool:
            if claimed_at is not None:
                acting_since(claimed_at)
            try:
                self.life.check()
            except MayNotAct:
                return False
            return True

        return asyncio.run(ask())


def test_a_worker_that_never_beat_begins_no_call() -> None:
    with pytest.raises(MayNotAct):
        Life().check()


def test_a_worker_begins_no_call_when_its_last_beat_is_too_old() -> None:
    worker = Worker()
    worker.s += MAX_BEAT_AGE_S
    assert worker.may_call()
    worker.s += 0.1
    assert not worker.may_call()
    worker.beat()
    assert worker.may_call()


def test_what_was_claimed_before_the_database_gave_claims_away_is_not_acted_on() -> None:
    worker = Worker()
    worker.live(5)
    claimed_at = worker.s
    worker.s += 12
    worker.beat()  # it did nothing, but nobody took its claims
    assert worker.may_call(claimed_at=claimed_at)
    worker.s += 12
    worker.beat(is_new=True)  # it was struck off meanwhile
    assert not worker.may_call(claimed_at=claimed_at)
    worker.live(1)
    assert worker.may_call(claimed_at=worker.s)


def test_a_claim_is_not_acted_on_shortly_before_its_lease_ends() -> None:
    worker = Worker()
    claimed_at = worker.s
    worker.live(int(MAX_HOLD_S))
    assert worker.may_call(claimed_at=claimed_at)
    worker.live(1)
    assert not worker.may_call(claimed_at=claimed_at)


def test_only_who_watched_without_a_gap_calls_others_dead() -> None:
    worker = Worker()
    worker.live(int(DEAD_AFTER_S) - 1)
    assert not worker.life.may_judge
    worker.live(1)
    assert worker.life.may_judge
    worker.s += 9  # it did nothing, or the database did
    worker.beat()
    assert not worker.life.may_judge


def test_a_jump_of_the_databases_clock_makes_nobody_dead() -> None:
    worker = Worker()
    worker.live(20)
    worker.s += 1
    worker.beat(ahead_s=300)
    assert not worker.life.may_judge


def test_every_time_limit_fits_into_what_others_wait() -> None:
    limits = [webhooks.TIMEOUT_S, enhance_texts.TIMEOUT_S, fetch_images.TIMEOUT_S]
    leases = [m._LEASE for m in (sync_connection, enhance_texts, deliveries, pushes, polls)]

    assert max(limits) <= MAX_CALL_S
    assert MAX_BEAT_AGE_S + 2 < DEAD_AFTER_S
    assert min(leases) >= timedelta(seconds=MAX_HOLD_S + MAX_CALL_S)
    with pytest.raises(BadSetting):
        Settings.read({"SALUHALL_TRADERA_TIMEOUT_S": str(int(MAX_CALL_S) + 1)})


# The hub's time --------------------------------------------------------------------------------------------------------------


def test_the_time_is_the_databases_and_a_slow_answer_changes_it_only_as_far_as_it_proves() -> None:
    clock = HubClock()
    clock.compare(START, asked_s=100.0, answered_s=100.0)
    there = START - timedelta(seconds=100)

    clock.compare(START + timedelta(seconds=5), asked_s=101.0, answered_s=113.0)
    assert clock.now() - timedelta(seconds=steady_s()) - there < timedelta(seconds=0.1)

    clock.compare(START + timedelta(seconds=300), asked_s=120.0, answered_s=121.0)
    ahead = clock.now() - timedelta(seconds=steady_s()) - there
    assert timedelta(seconds=278.9) < ahead < timedelta(seconds=279.1)


# The list of who lives ---------------------------------------------------------------------------------------------------------


async def test_the_silent_are_struck_off_and_learn_it_with_their_next_beat(db: Database) -> None:
    lives, silent = new_id(), new_id()
    async with db.transaction() as tx:
        assert (await claims.send_heartbeat(tx, silent)).is_new
        assert not (await claims.send_heartbeat(tx, silent)).is_new
        await claims.send_heartbeat(tx, lives)
        assert await claims.delete_dead(tx, lives) == []
        await tx.run(
            "update workers set beat_at = beat_at - make_interval(secs => %(s)s) where id = %(id)s",
            {"s": DEAD_AFTER_S + 0.5, "id": silent},
        )
        assert [dead.id for dead in await claims.delete_dead(tx, lives)] == [silent]
        assert (await claims.send_heartbeat(tx, silent)).is_new


async def test_who_is_beating_right_now_is_not_struck_off(db: Database) -> None:
    lives, late = new_id(), new_id()
    async with db.transaction() as tx:
        await claims.send_heartbeat(tx, late)
        await tx.run("update workers set beat_at = beat_at - interval '1 hour'")
    async with db.transaction() as beating, db.transaction() as judging:
        await claims.send_heartbeat(beating, late)
        assert await claims.delete_dead(judging, lives) == []
