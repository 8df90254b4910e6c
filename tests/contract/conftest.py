"""The cards, and for each a marketplace to practise on."""

from collections.abc import AsyncIterator, Iterator

import pytest

from saluhall.kit.http import Outbound
from tests.channels.tradera.practice import Market, sandbox


@pytest.fixture(scope="session")
def tradera_url() -> Iterator[str]:
    with sandbox() as url:
        yield url


@pytest.fixture
async def tradera(tradera_url: str) -> AsyncIterator[Market]:
    outbound = Outbound()
    market = Market(url=tradera_url, http=outbound)
    await market.open()
    yield market
    await outbound.close()


@pytest.fixture
def practice(name: str, request: pytest.FixtureRequest) -> Market:
    """Open the practice server for the channel of this name."""
    market = request.getfixturevalue(name)
    assert isinstance(market, Market)
    return market
