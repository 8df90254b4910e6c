"""A subscription is bought at the operator's payment provider, when there is one."""

import json

import pytest

from saluhall.dialects.rheo.errors import CheckoutFailed
from saluhall.dialects.rheo.partner import _ask
from saluhall.dialects.rheo.wire_partner import Order
from saluhall.domain.partner_business.subscriptions import SubscriptionTier
from saluhall.kit.http import Outbound
from saluhall.practice.partner import Hosted, Partner
from tests.conftest import StartHub
from tests.hub import Hub

CHECKOUT = "/partner/subscription/checkout"
PAGE = "https://checkout.example.com/c/pay/1"


@pytest.fixture(scope="module")
async def hub(start_module_hub: StartHub, partner: Partner) -> Hub:
    """A hub with a payment provider, which answers as `partner.hooks` says."""
    return await start_module_hub(
        SALUHALL_CHECKOUT_URL=f"{partner.url}/checkout", SALUHALL_CHECKOUT_KEY="a-key"
    )


async def test_the_provider_gives_the_page_to_pay_on(hub: Hub, partner: Partner) -> None:
    partner.hooks["/checkout"] = Hosted(body=json.dumps({"url": PAGE, "more": 1}).encode())
    asked_before = len(partner.received)
    shop = await hub.open_shop()

    assert await shop.as_person("POST", CHECKOUT) == (200, {"url": PAGE})

    [asked] = [r for r in partner.received[asked_before:] if r.path == "/checkout"]
    assert json.loads(asked.body) == {
        "accountId": str(shop.principal.account_id),
        "tier": "pro",
        "amountOre": 19900,
        "currency": "SEK",
    }
    assert asked.headers["authorization"] == "Bearer a-key"
    assert "a-key" not in hub.log.read_text()


async def test_a_provider_that_gives_none_is_a_bad_gateway(hub: Hub, partner: Partner) -> None:
    shop = await hub.open_shop()
    for hosted in (
        Hosted(status=500),
        Hosted(status=302, headers={"location": PAGE}),
        Hosted(body=b"no JSON"),
        Hosted(body=b"[]"),
        Hosted(body=b'{"url": "javascript:alert(1)"}'),
        Hosted(body=b'{"url": "\xff"}'),
        Hosted(body=b"{" * 100_000),
    ):
        partner.hooks["/checkout"] = hosted

        status, answer = await shop.as_person("POST", CHECKOUT)

        assert (status, answer["code"]) == (502, "BAD_GATEWAY"), hosted


async def test_a_provider_that_the_guard_forbids_gives_none() -> None:
    order = Order(accountId="1", tier=SubscriptionTier.PRO, amountOre=19_900, currency="SEK")
    http = Outbound()

    with pytest.raises(CheckoutFailed):
        await _ask(http, "https://169.254.169.254/pay", None, order)
    await http.close()
