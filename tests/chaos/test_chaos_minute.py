"""A short story of the engine that `make chaos` tells at length: whatever dies or stands still, no promise is broken."""

import os

import pytest

from tests.chaos.engine import play
from tests.chaos.story import Pace, tell

SEED = int(os.environ.get("CHAOS_SEED") or 20)
PACE = Pace(
    write_s=0.8,
    bid_s=2.5,
    storm_s=11,
    call_trouble_s=6,
    process_trouble_s=6,
    longest_stop_s=3,
    with_wrong_clocks=False,
)
STORY_S = 22.0
RECOVERY_S = 60.0  # a busy machine; alone it takes a few seconds


@pytest.mark.long
async def test_a_short_story_of_kills_stops_faults_and_sales_breaks_no_promise() -> None:
    story = tell(SEED, seconds=STORY_S, pace=PACE)
    report = await play(story, seed=SEED, recovery_s=RECOVERY_S)
    assert report.is_good, report.text()
