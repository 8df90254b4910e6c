"""Webhook endpoints to test with, and how what they hear is signed."""

import base64
import hashlib
import hmac
from typing import Any

from saluhall.practice.partner import Received
from tests.hub import Shop

WEBHOOKS = "/integration/webhooks"


async def made(shop: Shop, **given: Any) -> dict[str, Any]:
    """Make an endpoint at the shop's hook."""
    body = {"url": shop.hub.partner.url + shop.hook, "eventTypes": ["item.created"], **given}
    status, answer = await shop.as_person("POST", WEBHOOKS, body)
    assert status == 200, answer
    return dict(answer)


def standard_signature(secret: str, got: Received) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    message = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    return "v1," + base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def rheo_signature(secret: str, got: Received) -> str:
    return "sha256=" + hmac.new(secret.encode(), got.body, hashlib.sha256).hexdigest()
