"""Whatever happens in whatever order, a listing moves as its table says and nothing is told twice."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saluhall.storage import Database
from tests.domain.shop import Account
from tests.domain.story import MEANWHILE, Story

# Mostly nothing happens meanwhile, and mostly the marketplace says yes (0): so that most stories come far.
TURNS = st.lists(
    st.tuples(
        st.sampled_from((0, 0, 0, 0, 1, 2, 3, 4)), st.sampled_from(("nothing",) * 7 + MEANWHILE)
    ),
    min_size=4,
    max_size=16,
)


@pytest.fixture
async def story(db: Database) -> Callable[[], Story]:
    account = await Account.open(db)
    connection = await account.connect()
    return lambda: Story(account, connection)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(turns=TURNS, begins_live=st.booleans())
async def test_no_story_leaves_the_table_or_tells_anything_twice(
    story: Callable[[], Story],
    turns: list[tuple[int, str]],
    begins_live: bool,  # noqa: FBT001 - hypothesis names it
) -> None:
    one = story()
    await one.begin()
    beginning = [(0, "nothing")] * 2 if begins_live else []
    for choice, meanwhile in (*beginning, *turns):
        await one.turn(choice, meanwhile)
