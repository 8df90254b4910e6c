"""Tradera's REST v4 shapes of orders and transactions, spelled as Tradera spells them."""

from typing import Any

from msgspec import Struct

from saluhall.channels.tradera.wire import Quantity


class SellerOrderUser(Struct, frozen=True, kw_only=True):
    """A buyer, as an order names them."""

    userId: int | None = None
    alias: str | None = None
    firstName: str | None = None
    lastName: str | None = None
    addressLine1: str | None = None
    addressLine2: str | None = None
    zipCode: str | None = None
    city: str | None = None
    countryName: str | None = None
    email: str | None = None
    phone: str | None = None


class ShipTo(Struct, frozen=True, kw_only=True):
    """Where an order goes; null for auctions."""

    name: str | None = None
    addressLine1: str | None = None
    addressLine2: str | None = None
    zipCode: str | None = None
    city: str | None = None
    countryName: str | None = None


class SellerOrderItem(Struct, frozen=True, kw_only=True):
    """One row of an order."""

    itemId: int
    title: str | None = None
    quantity: Quantity = 1
    unitPrice: int = 0
    vatRate: int | None = None
    ownReferences: list[Any] | None = None  # texts; whatever else is there is not ours


class SellerOrderPayment(Struct, frozen=True, kw_only=True):
    """Money that came through Tradera's own payment service."""

    paymentCost: int | None = None
    paidDate: str | None = None
    paymentType: str | None = None


class SellerOrder(Struct, frozen=True, kw_only=True):
    """An order; `subTotal` includes VAT and no shipping."""

    orderId: int
    createdDate: str | None = None
    lastUpdatedDate: str | None = None
    subTotal: int = 0
    shippingCost: int | None = None
    shippingType: str | None = None
    buyer: SellerOrderUser | None = None
    shipTo: ShipTo | None = None
    items: list[SellerOrderItem] | None = None
    sellerOrderPayments: list[SellerOrderPayment] | None = None


class Known(Struct, frozen=True, kw_only=True):
    """A thing named by its id."""

    id: int


class Sale(Struct, frozen=True, kw_only=True):
    """A transaction: one item sold to one buyer."""

    id: int
    date: str | None = None
    isMarkedAsPaidConfirmed: bool | None = None
    buyer: Known | None = None
    item: Known | None = None


class TransactionStatusUpdateData(Struct, frozen=True, kw_only=True):
    """A mark for a transaction; marks that are left out stay."""

    transactionId: int
    markAsPaidConfirmed: bool
