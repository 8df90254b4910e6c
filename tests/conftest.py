"""Fixtures for tests that need a database or a whole running hub."""

import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from saluhall.bootstrap.counters import sweep_counters
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts import people
from saluhall.domain.sessions import ending, passwords
from saluhall.practice.partner import Hosted, Partner
from saluhall.storage import Database
from saluhall.storage.embedded.handle import _LEFT
from tests.hub import Hub, Market, Shop
from tests.images import jpeg
from tests.postgres import Postgres, running_postgres

_LONG_RUN_S = 30


def pytest_sessionfinish() -> None:
    """Leave nothing in memory of the servers that tests have killed, and no process that nobody has waited for."""
    sweep_counters()
    for server in _LEFT:
        if server is not None:
            server.poll()


# A busy machine is no failure: how long examples take says nothing here.
settings.register_profile("hub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hub")


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_little() -> Iterator[None]:
    """Hash the passwords of tests at the lowest cost, which a hash carries: a thousand sign-ins would pay 0.1 s each.

    What a hub hashes itself costs as much as ever (`test_secrets_stay_secret`).
    """
    quick = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    with ExitStack() as stack:
        for module in (accounts, people, passwords, ending):
            stack.enter_context(patch.object(module, "PasswordHasher", quick))
        yield


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[Postgres]:
    """One PostgreSQL with a migrated template."""
    with running_postgres() as server:
        await server.make_template()
        yield server


@pytest.fixture
async def db(postgres: Postgres) -> AsyncIterator[Database]:
    """A fresh, migrated database."""
    url = postgres.new_database()
    async with Database(url, connections=4) as database:
        yield database
    postgres.drop(url)


@pytest.fixture(scope="session")
def market() -> Iterator[Market]:
    """A practice marketplace shared by the run: journeys look at their own items only."""
    process = Market()
    yield process
    process.stop()


@pytest.fixture(scope="session")
async def partner(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Partner]:
    """A partner with two good images, /1.jpg and /2.jpg."""
    folder = tmp_path_factory.mktemp("partner")
    started = await Partner(folder).start()
    for name in ("1", "2"):
        started.images[f"/{name}.jpg"] = Hosted(body=jpeg(name))
    yield started
    await started.stop()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the ten files with the longest tests: there is time to be saved."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    if sum(seconds.values()) > _LONG_RUN_S:
        terminalreporter.section("slowest ten files")
        for name, spent in sorted(seconds.items(), key=lambda pair: -pair[1])[:10]:
            terminalreporter.write_line(f"{spent:6.1f} s  {name}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let half of the workers begin with the long tests, which mostly wait, while the others use the processor.

    Each worker is given a continuous part of the list, and takes from the others' ends when it is done.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    waiting = (workers + 1) // 2
    part = -(-len(items) // workers)
    items.clear()
    for number in range(workers):
        items += long[number::waiting] if number < waiting else []
        room = part * (number + 1) - len(items)
        items += others[:room]
        del others[:room]


StartHub = Callable[..., Awaitable[Hub]]


@pytest.fixture(scope="session")
async def hub(
    postgres: Postgres, market: Market, partner: Partner, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Hub]:
    """A running hub shared by the run, rate limits off; open a shop of your own."""
    started = Hub(
        url=postgres.new_database(),
        folder=tmp_path_factory.mktemp("hub"),
        market=market,
        partner=partner,
        env={},
    )
    try:
        await started.start()
        yield started
    finally:
        await started.close()


@asynccontextmanager
async def _hubs(postgres: Postgres, partner: Partner, folder: Path) -> AsyncIterator[StartHub]:
    hubs: list[Hub] = []

    async def start(*args: str, **env: str) -> Hub:
        own = folder / f"hub{len(hubs)}"
        own.mkdir()
        started = Hub(
            url=postgres.new_database(),
            folder=own,
            market=Market(),
            partner=partner,
            env=env,
            args=args,
        )
        hubs.append(started)
        await started.start()
        return started

    yield start
    for started in hubs:
        await started.close()
        started.market.stop()


@pytest.fixture
async def start_hub(
    postgres: Postgres, partner: Partner, tmp_path: Path
) -> AsyncIterator[StartHub]:
    """Start hubs of your own, each with a fresh database and marketplace; words are arguments, keywords settings."""
    async with _hubs(postgres, partner, tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
async def start_module_hub(
    postgres: Postgres, partner: Partner, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[StartHub]:
    """Start hubs that all tests of a module share: a start costs seconds of processor time."""
    async with _hubs(postgres, partner, tmp_path_factory.mktemp("hubs")) as start:
        yield start


@pytest.fixture
async def shop(hub: Hub) -> Shop:
    """A connected account that hears every event."""
    return await hub.open_selling_shop()
