"""Journeys leave the shared marketplace as they found it."""

from collections.abc import AsyncIterator

import pytest

from tests.hub import Market


@pytest.fixture
async def calm_market(market: Market) -> AsyncIterator[Market]:
    """The shared marketplace; whatever trouble a journey orders is cancelled at its end."""
    yield market
    await market.faults()
    await market.quota(None)
    await market.control("PUT", "/results", [])
