"""One formula for every growing pause."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.domain.connections.operations import BLOCKS
from saluhall.domain.orders.updates import UPDATE_RETRIES
from saluhall.domain.sessions.model import SIGN_IN_WAITS
from saluhall.domain.webhooks.model import LATER_RETRIES, QUICK_RETRIES
from saluhall.jobs.fetch_images import IMAGE_RETRIES
from saluhall.jobs.update import LISTING_RETRIES
from saluhall.kit.restarts import PROCESS_RESTARTS
from saluhall.kit.retry import RetryPolicy
from saluhall.storage.embedded.handle import SERVER_RESTARTS

MINUTE, HOUR = 60, 3600


@pytest.mark.parametrize(
    ("policy", "delays_s"),
    [
        (LISTING_RETRIES, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, HOUR, HOUR]),
        (UPDATE_RETRIES, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, HOUR, HOUR]),
        (IMAGE_RETRIES, [1, 2, 4]),
        (QUICK_RETRIES, [1, 2, 4, 8, 16]),
        (LATER_RETRIES, [m * MINUTE for m in (5, 30, 120, 300, 600, 840, 960, 1440, 1440)]),
        (BLOCKS, [m * MINUTE for m in (1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360)]),
        (SIGN_IN_WAITS, [1, 2, 4, 8, 16, 32, MINUTE, MINUTE]),
        (PROCESS_RESTARTS, [1, 2, 4, 8, 10, 10]),
        (SERVER_RESTARTS, [0.5, 1, 2, 4, 8, 10, 10]),
    ],
)
def test_the_pauses_of_each_kind_of_work_are_what_the_guides_say(
    policy: RetryPolicy, delays_s: list[float]
) -> None:
    assert [policy.delay(n).total_seconds() for n in range(1, len(delays_s) + 1)] == delays_s
    assert policy.delay(10**9) == policy.max


def test_attempts_count_the_first_one() -> None:
    policy = RetryPolicy(base=timedelta(seconds=1), max=timedelta(seconds=8), attempts=3)

    assert [policy.is_last(n) for n in (1, 2, 3, 4)] == [False, False, True, True]
    assert not LISTING_RETRIES.is_last(10**9)


@given(attempt=st.integers(1, 40), chance=st.floats(0, 1), jitter=st.floats(0, 0.9))
def test_jitter_moves_a_delay_by_at_most_its_part(
    attempt: int, chance: float, jitter: float
) -> None:
    even = RetryPolicy(base=timedelta(seconds=1), max=timedelta(hours=1))
    policy = RetryPolicy(base=even.base, max=even.max, jitter=jitter)

    part = policy.delay(attempt, chance=chance) / even.delay(attempt)
    assert 1 - jitter - 1e-6 <= part <= 1 + jitter + 1e-6
