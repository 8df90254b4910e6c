"""What the marketplace answers about sales: orders and transactions in Tradera's words."""

from saluhall.practice.tradera.clock import text_of
from saluhall.practice.tradera.model import Kind, Order, Payment, Transaction
from saluhall.practice.tradera.orders import total_of
from saluhall.practice.tradera.people import Person
from saluhall.practice.tradera.reference import SHIPPING_TYPES
from saluhall.practice.tradera.responses import COUNTRY, Json, user_from_person


def _order_user(person: Person) -> Json:
    return {
        "userId": person.user_id,
        "alias": person.alias,
        "firstName": person.first_name,
        "lastName": person.last_name,
        **_place(person),
        "email": person.email,
        "phone": person.phone,
    }


def _place(person: Person) -> Json:
    return {
        "addressLine1": person.address,
        "addressLine2": None,
        "zipCode": person.zip_code,
        "city": person.city,
        "countryName": COUNTRY,
    }


def order_from_facts(order: Order) -> Json:
    """Write an order; what a buyer of an auction entered to ship to is not in it."""
    item, buyer, shipping = order.item, order.buyer, order.shipping
    name = f"{buyer.first_name} {buyer.last_name}"
    is_auction = item.kind is Kind.AUCTION
    return {
        "orderId": order.id,
        "purchaseOrderId": order.purchase_id,
        "createdDate": text_of(order.created_at),
        "lastUpdatedDate": text_of(order.changed_at),
        "expiresDate": None,
        "subTotal": order.unit_price * order.quantity,
        "shippingCost": shipping.cost if shipping else 0,
        "shippingType": SHIPPING_TYPES.get(shipping.shippingOptionId or 0) if shipping else None,
        "shippingWeight": shipping.shippingWeight if shipping else None,
        "buyer": _order_user(buyer),
        "seller": _order_user(item.seller.person),
        "shipTo": None if is_auction else {"name": name, **_place(buyer)},
        "items": [_order_item(order)],
        "sellerOrderPayments": [_payment(payment) for payment in order.payments] or None,
    }


def _order_item(order: Order) -> Json:
    item = order.item
    return {
        "itemId": item.id,
        "type": item.kind,
        "title": item.terms.title,
        "quantity": order.quantity,
        "unitPrice": order.unit_price,
        "vatRate": item.terms.vat or 0,
        "ownReferences": item.terms.own_references,
        "merchantPartNumber": None,
    }


def _payment(payment: Payment) -> Json:
    return {
        "amount": payment.amount,
        "paymentCost": 0,
        "paidDate": text_of(payment.paid_at),
        "paymentType": "TraderaPay",
        "reference": payment.reference,
        "additionalInfo": None,
    }


def transaction_from_facts(transaction: Transaction, *, is_bare: bool = False) -> Json:
    """Write a transaction; the answer to a change of marks leaves out buyer and item."""
    order = transaction.order
    item = order.item
    return {
        "id": transaction.id,
        "date": text_of(transaction.created_at),
        "amount": total_of(order),
        "lastUpdatedDate": text_of(transaction.changed_at),
        "isMarkedAsPaidConfirmed": transaction.is_paid_confirmed,
        "isMarkedAsShipped": transaction.is_shipped,
        "isShippingBooked": transaction.is_shipping_booked,
        "isFeedbackLeftBySeller": False,
        "isFeedbackLeftByBuyer": False,
        "buyer": None if is_bare else _buyer(transaction),
        "item": None
        if is_bare
        else {
            "id": item.id,
            "type": item.kind,
            "title": item.terms.title,
            "ownReferences": item.terms.own_references,
        },
    }


def _buyer(transaction: Transaction) -> Json:
    buyer = transaction.order.buyer
    return {
        **user_from_person(buyer),
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "email": buyer.email,
        "phoneNumber": buyer.phone,
        "mobilePhoneNumber": buyer.phone,
        "address": buyer.address,
        "zipCode": buyer.zip_code,
        "city": buyer.city,
        "countryName": COUNTRY,
        "personalNumber": None,
        "transactionId": transaction.id,
    }
