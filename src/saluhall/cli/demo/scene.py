"""What the acts of the demo share."""

import json
import uuid
from typing import Any
from urllib.parse import quote

from saluhall.cli.demo.narrator import Narrator, NotTrue, expect
from saluhall.cli.demo.stage import Stage, until
from saluhall.practice.partner import Received

_ACCEPTED = 202


class Play:
    """The stage, the narrator, and what the acts leave to each other."""

    def __init__(self, stage: Stage, narrator: Narrator) -> None:
        self.stage = stage
        self.narrator = narrator
        self.account = f"demo-{uuid.uuid4().hex[:8]}"
        self.secret = ""
        self.listings: dict[str, int] = {}
        self.calls_left = 0

    def url(self, name: str) -> str:
        """Return where the partner hosts an image."""
        return f"{self.stage.partner.url}/{name}.jpg"

    async def heard(self, event_type: str, external_id: str) -> tuple[Received, dict[str, Any]]:
        """Wait for a webhook about an item. Raises NotTrue."""

        async def look() -> tuple[Received, dict[str, Any]] | None:
            for received in self.stage.partner.received:
                event = json.loads(received.body)
                if (event["eventType"], event["data"]["externalId"]) == (event_type, external_id):
                    return received, event
            return None

        return await until(f"webhook {event_type} for {external_id}", look)

    async def listing_of(self, external_id: str) -> dict[str, Any]:
        """Find an item at the marketplace. Raises NotTrue."""
        for item in await self.stage.market("GET", "/items"):
            if item["itemId"] == self.listings[external_id]:
                return dict(item)
        raise NotTrue(f"{external_id} is not at the marketplace")

    async def accepted(
        self, method: str, external_id: str, part: str = "", body: object = None
    ) -> None:
        """Call the item API and see that the answer is 202. Raises NotTrue."""
        status, answer = await self.stage.item(method, external_id, part, body)
        expect(f"{method} {external_id}{part} -> {answer}", status, wanted=_ACCEPTED)
        self.narrator.say(
            f"{method} .../{quote(external_id, safe='')}{part} -> 202 {answer['message']}"
        )
