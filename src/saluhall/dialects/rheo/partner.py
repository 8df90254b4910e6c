"""What the dashboard shows: analytics and the subscription."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

import msgspec
from msgspec import UNSET, Raw

from saluhall.dialect import Reply, Request, Route
from saluhall.dialects.rheo.auth import MANAGEMENT, person
from saluhall.dialects.rheo.domains import DOMAINS, OTHER
from saluhall.dialects.rheo.errors import CheckoutFailed, NoCheckout
from saluhall.dialects.rheo.translate import CURRENCY
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_partner import (
    Analytics,
    Checkout,
    InventoryCounts,
    Month,
    Offer,
    Order,
    RevenueSummary,
    SoldCategory,
    Subscription,
    Unconverted,
)
from saluhall.domain.accounts.roles import Right
from saluhall.domain.analytics import model
from saluhall.domain.partner_business import queries
from saluhall.domain.partner_business.subscriptions import SubscriptionTier, subscription_of_account
from saluhall.kit.clock import iso_from_instant
from saluhall.kit.environment import read_text
from saluhall.kit.http import NoResponse, NotAllowed, Outbound

PRICE_ORE: Final = 19_900  # a month
_CHECKOUT_S: Final = 10.0
_OK: Final = 200
# The documented names; other categories go by their Swedish labels.
_NAMES: Final[Mapping[str, str]] = {"auto_parts": "Reservdel", "fashion": "Kläder"}


async def get_analytics(request: Request) -> Reply:
    """Return what the account has and what it sold."""
    found = await queries.analytics_of_account(
        request.tx, principal=request.principal, default_currency=CURRENCY, now=request.now
    )
    return Reply(status=200, body=analytics_from_ours(found))


async def get_subscription(request: Request) -> Reply:
    """Return what the account subscribes to."""
    found = await subscription_of_account(request.tx, principal=request.principal)
    body = Subscription(
        tier=found.tier,
        isPro=found.is_pro(now=request.now),
        subscribedAt=iso_from_instant(found.subscribed_at) if found.subscribed_at else None,
        expiresAt=iso_from_instant(found.expires_at) if found.expires_at else None,
    )
    return Reply(status=200, body=body)


async def checkout(request: Request) -> Reply:
    """Ask the payment provider, after the transaction, for a page to pay on. Raises NoCheckout, CheckoutFailed."""
    url = read_text(request.services.env, "SALUHALL_CHECKOUT_URL")
    if url is None:
        raise NoCheckout
    key = read_text(request.services.env, "SALUHALL_CHECKOUT_KEY")
    order = Order(
        accountId=str(request.principal.account_id),
        tier=SubscriptionTier.PRO,
        amountOre=PRICE_ORE,
        currency=CURRENCY,
    )
    return Reply(status=200, after_commit=partial(_ask, request.services.http, url, key, order))


async def _ask(http: Outbound, url: str, key: str | None, order: Order) -> Reply:
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    try:
        answer = await http.post(
            url, body=msgspec.json.encode(order), headers=headers, timeout_s=_CHECKOUT_S
        )
        if answer.status != _OK:
            raise CheckoutFailed(f"the payment provider answered {answer.status}")
        offer = msgspec.json.decode(answer.body, type=Offer)
    except (NoResponse, NotAllowed, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CheckoutFailed(str(error)) from error
    return Reply(status=200, body=Checkout(url=offer.url))


def analytics_from_ours(found: model.Analytics) -> Analytics:
    """Put figures in Rheo's words."""
    inventory, total = found.inventory, found.total
    return Analytics(
        inventory=InventoryCounts(
            total=inventory.active + inventory.draft + inventory.sold + inventory.archived,
            active=inventory.active,
            draft=inventory.draft,
            sold=inventory.sold,
            archived=inventory.archived,
        ),
        monthlyRevenue=[
            Month(
                month=month.name,
                gross=_amount(month.gross),
                fee=_amount(month.fee),
                net=_amount(month.net),
                orders=month.orders,
            )
            for month in found.months
        ],
        categoryBreakdown=[
            SoldCategory(
                category=_name_of(category.name),
                count=category.units,
                revenue=_amount(category.gross),
            )
            for category in found.categories
        ],
        revenueSummary=RevenueSummary(
            totalGross=_amount(total.gross),
            totalFee=_amount(total.fee),
            totalNet=_amount(total.net),
            totalPending=_amount(total.pending),
        ),
        saluhallCurrency=UNSET if found.currency == CURRENCY else found.currency,
        saluhallUnconverted=[_unconverted(each) for each in found.unconverted] or UNSET,
    )


def _unconverted(sums: model.Unconverted) -> Unconverted:
    return Unconverted(
        currency=sums.currency,
        orders=sums.orders,
        gross=_amount(sums.gross),
        pending=_amount(sums.pending) if sums.pending else UNSET,
    )


def _name_of(slug: str) -> str:
    return _NAMES.get(slug) or DOMAINS.get(slug, DOMAINS[OTHER]).label_sv


def _amount(money: Decimal) -> Raw:
    """Write money as the shortest JSON number: 950, not 950.00."""
    text = f"{money:f}"
    return Raw((text.rstrip("0").rstrip(".") if "." in text else text).encode())


_route = partial(
    Route, authenticator=person, tier=MANAGEMENT, headers={"Cache-Control": "no-store"}
)

ROUTES: Sequence[Route] = (
    _route(
        method="GET",
        path="/partner/analytics",
        handler=get_analytics,
        right=Right.ANALYTICS_READ,
        summary="Count what is there and add up what was sold",
        responses={200: Analytics, 401: Error, 403: Error, 429: Error},
    ),
    _route(
        method="GET",
        path="/partner/subscription",
        handler=get_subscription,
        right=Right.ACCOUNT_READ,
        summary="Get what the account subscribes to",
        responses={200: Subscription, 401: Error, 403: Error, 429: Error},
    ),
    _route(
        method="POST",
        path="/partner/subscription/checkout",
        handler=checkout,
        right=Right.ACCOUNT_WRITE,
        summary="Get a page on which to pay for the paid tier",
        responses={200: Checkout, 401: Error, 403: Error, 429: Error, 501: Error, 502: Error},
    ),
)
