"""What a worker's jobs work with, for tests that need no marketplace."""

import asyncio

import pytest

from saluhall.jobs.run import Run
from saluhall.kit.clock import utc_now
from saluhall.kit.http import Outbound
from saluhall.kit.ids import new_id
from saluhall.kit.image_pool import ImagePool
from saluhall.kit.secrets import Vault
from saluhall.storage import Database
from saluhall.storage.image_store import ImageStore


@pytest.fixture
def run(db: Database) -> Run:
    return Run(
        db=db,
        worker=new_id(),
        clock=utc_now,
        stopping=asyncio.Event(),
        channels={},
        webhook_formats={},
        http=Outbound(),
        images=ImageStore.open("memory://"),
        image_pool=ImagePool(),
        vault=Vault("a key for tests"),
        env={},
        poll_interval_s=60,
    )
