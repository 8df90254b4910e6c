"""What can need a person: one row for each kind, with where it is read and what is said of it. Pure.

A template names columns of its statement, and `account`. The key is what makes an item's id: the same cause has the same id.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from saluhall.domain.attention import facts_store
from saluhall.domain.attention.model import AttentionItem


class Kind(Struct, frozen=True, kw_only=True):
    """One kind: its statement, and templates; where `remedies` has a row's `what`, that is its remedy."""

    name: str
    statement: str
    key: str
    subject: str
    message: str
    remedy: str
    remedies: Mapping[str, str] = {}

    def item(self, facts: Mapping[str, Any], account: str) -> AttentionItem:
        """Say what is wrong and what to do; `account` is as a shell reads it."""
        words = {**facts, "account": account}
        remedy = self.remedies.get(facts.get("what", ""), self.remedy)
        return AttentionItem(
            id=f"{self.name}:{self.key.format(**words)}",
            kind=self.name,
            since=facts["since"],
            subject=self.subject.format(**words),
            message=self.message.format(**words),
            remedy=remedy.format(**words),
        )


KINDS: Final = (
    Kind(
        name="line_unmatched",
        statement=facts_store.LINE_UNMATCHED,
        key="{order_id}/{line_id}",
        subject="Order {number}, line {line_id}",
        message="{units} x {title} (listing {listing} at {shop}) matches no product: nothing was taken from stock.",
        remedy="saluhall order match {order_id} {line_id} --sku SKU --catalog NUMBER --account {account}",
    ),
    Kind(
        name="oversold",
        statement=facts_store.OVERSOLD,
        key="{order_id}/{line_id}",
        subject="Order {number}, line {line_id}",
        message="{units} of {sku} were bought at {shop}, {units_taken} of them were in stock.",
        remedy=(
            "To ship it anyway: saluhall order ship {order_id} --account {account}. "
            "To cancel it: saluhall order cancel {order_id} --account {account}"
        ),
    ),
    Kind(
        name="update_rejected",
        statement=facts_store.UPDATE_REJECTED,
        key="{order_id}/{what}",
        subject="Order {number}",
        message="{shop} does not take that the order is {what}: {answer}",
        remedy="Refund it at {shop}; the hub reads the refund from there",
        remedies={
            "paid": "To notify it again: saluhall order pay {order_id} --account {account}",
            "shipped": "To notify it again: saluhall order ship {order_id} --account {account}",
            "cancelled": "To notify it again: saluhall order cancel {order_id} --account {account}",
        },
    ),
    Kind(
        name="payment_missing",
        statement=facts_store.PAYMENT_MISSING,
        key="{order_id}",
        subject="Order {number}",
        message="{buyer} has not paid {total} {currency} for what was bought at {shop} on {placed_at:%Y-%m-%d}.",
        remedy=(
            "When it was paid: saluhall order pay {order_id} --account {account}. "
            "To cancel it and return its units to stock: saluhall order cancel {order_id} --account {account}"
        ),
    ),
    Kind(
        name="offer_rejected",
        statement=facts_store.OFFER_REJECTED,
        key="{offer_id}",
        subject="{sku} at {shop}",
        message="{shop} does not publish {sku}: {reason}",
        remedy=(
            "Change the product: its new data is published. "
            "To offer it no longer: saluhall offer end {offer_id} --account {account}"
        ),
    ),
    Kind(
        name="connection_suspended",
        statement=facts_store.CONNECTION_SUSPENDED,
        key="{connection_id}",
        subject="{shop}",
        message="Nothing is published, updated or read at {shop}: {reason}",
        remedy="saluhall connection reconnect {connection_id} --account {account} --token -",
    ),
    Kind(
        name="endpoint_disabled",
        statement=facts_store.ENDPOINT_DISABLED,
        key="{endpoint_id}",
        subject="{url}",
        message="{url} gets no events: it was switched off {how}. Its deliveries are held back.",
        remedy="saluhall webhook enable {endpoint_id} --account {account}",
    ),
    Kind(
        name="image_failed",
        statement=facts_store.IMAGE_FAILED,
        key="{product_id}/{digest}",
        subject="{sku}",
        message="The image {url} of {sku} is not shown: {reason}",
        remedy="Repair the image at its address, or name another one; then write the product again",
    ),
    Kind(
        name="entry_unreadable",
        statement=facts_store.ENTRY_UNREADABLE,
        key="{entry_id}",
        subject="{what} {remote_id} at {shop}",
        message="{shop} sent the {what} {remote_id}, which cannot be read: {reason}",
        remedy="When you have dealt with it: saluhall attention dismiss {entry_id} --account {account}",
    ),
)
