"""Clients of Sellrapido's API, signed in at the hub of the run."""

import pytest

from tests.hub import Hub
from tests.sellrapido import Client


@pytest.fixture
async def client(hub: Hub) -> Client:
    """A client of an account of its own, which sells nowhere."""
    return await Client.signed_in(await hub.open_shop())


@pytest.fixture(scope="session")
async def shared_client(hub: Hub) -> Client:
    """A client of an account shared by the run: look at your own orders only."""
    return await Client.signed_in(await hub.open_shop())


@pytest.fixture(scope="session")
async def idle_client(hub: Hub) -> Client:
    """A client of an account that never has an order."""
    return await Client.signed_in(await hub.open_shop())
