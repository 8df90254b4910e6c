"""The recorded cases need a hub that limits rates."""

from collections.abc import AsyncIterator

import pytest

from saluhall.practice.partner import Partner
from tests.hub import Hub, Market
from tests.postgres import Postgres


@pytest.fixture(scope="session")
async def hub(
    postgres: Postgres, market: Market, partner: Partner, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Hub]:
    """A running hub with the documented rate limits."""
    started = Hub(
        url=postgres.new_database(),
        folder=tmp_path_factory.mktemp("rheo-hub"),
        market=market,
        partner=partner,
        env={"SALUHALL_RATE_LIMITS": "on"},
    )
    await started.start()
    yield started
    await started.close()
