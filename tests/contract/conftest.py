"""Every installed channel with its counterpart, and each format that it declares; a new channel needs no change here."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from importlib import import_module
from importlib.metadata import entry_points

import pytest

from saluhall.capabilities import Format
from saluhall.channel import ChannelCard
from saluhall.kit.http import Outbound
from tests.contract.counterpart import Counterpart
from tests.contract.lossy_proxy import LossyProxy, lossy_proxy
from tests.contract.seller import Seller

CARDS: dict[str, ChannelCard] = {
    entry.name: entry.load() for entry in entry_points(group="saluhall.channels")
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test each channel, and with `sold_as` each of its formats."""
    if "sold_as" in metafunc.fixturenames:
        pairs = [(name, each) for name in sorted(CARDS) for each in _formats(name)]
        ids = [f"{name}-{sold_as}" for name, sold_as in pairs]
        metafunc.parametrize(("name", "sold_as"), pairs, ids=ids)
    elif "name" in metafunc.fixturenames:
        metafunc.parametrize("name", sorted(CARDS))


def _formats(name: str) -> list[Format]:
    return list(CARDS[name].capabilities.formats)


class Counterparts:
    """The counterparts that were needed so far, each started once."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._open: dict[str, Counterpart] = {}

    async def open(self, name: str) -> Counterpart:
        if name not in self._open:
            found = import_module(f"tests.channels.{name}.contract")
            self._open[name] = await self._stack.enter_async_context(found.open_counterpart())
        return self._open[name]


@pytest.fixture(scope="session", name="counterparts")
async def _counterparts() -> AsyncIterator[Counterparts]:
    async with AsyncExitStack() as stack:
        yield Counterparts(stack)


@pytest.fixture(scope="session", name="http")
async def _http() -> AsyncIterator[Outbound]:
    outbound = Outbound()
    yield outbound
    await outbound.close()


@pytest.fixture(scope="session", name="proxy")
async def _proxy() -> AsyncIterator[LossyProxy]:
    async with lossy_proxy() as proxy:
        yield proxy


@pytest.fixture(name="card")
def _card(name: str) -> ChannelCard:
    return CARDS[name]


@pytest.fixture(name="seller")
async def _seller(
    card: ChannelCard, counterparts: Counterparts, proxy: LossyProxy, http: Outbound
) -> AsyncIterator[Seller]:
    """A seller at an empty counterpart; each call that the test makes costs one of the budget."""
    counterpart = await counterparts.open(card.name)
    proxy.target = counterpart.url
    seller = Seller(card=card, counterpart=counterpart, proxy=proxy, http=http)
    await seller.begin()
    yield seller
    assert len(proxy.calls) == len(seller.purse.spent)
