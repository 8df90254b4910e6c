"""One practice marketplace for all tests of this folder, emptied before each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from saluhall.kit.http import Outbound
from tests.channels.tradera.practice import Market, sandbox


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    with sandbox() as url:
        yield url


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[Outbound]:
    outbound = Outbound()
    yield outbound
    await outbound.close()


@pytest.fixture
async def market(sandbox_url: str, http: Outbound) -> Market:
    market = Market(url=sandbox_url, http=http)
    await market.open()
    return market
