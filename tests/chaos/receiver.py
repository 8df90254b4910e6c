"""The partner of a story: hosts images and takes webhooks, and refuses a share of them on request."""

import json
from pathlib import Path
from random import Random

from aiohttp import web

from saluhall.practice.partner import Hosted, Partner
from tests.chaos.facts import Event
from tests.images import jpeg

IMAGES = ("/chaos-1.jpg", "/chaos-2.jpg")


class Receiver(Partner):
    """A webhook counts as delivered when it was answered 200. `refuse` is the share that is answered 500."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        super().__init__(folder)
        self._chance = Random(seed)  # noqa: S311 - not a secret
        self.refuse = 0.0
        self.refused = 0
        for path in IMAGES:
            self.images[path] = Hosted(body=jpeg(path))

    async def _take(self, request: web.Request) -> web.StreamResponse:
        if self._chance.random() < self.refuse:
            self.refused += 1
            return web.Response(status=500)
        return await super()._take(request)

    def delivered(self, hook: str) -> list[Event]:
        """List the events that were delivered to one address, in the order of their arrival."""
        return [Event.read(json.loads(each.body)) for each in self.received if each.path == hook]
