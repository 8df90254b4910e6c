"""`python shop_seed.py COUNT`: tables, a kind of product, a partner, an administrator, and so many orders of one line; prints the token."""

import os
import sys

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_settings")


def add_orders(count: int) -> None:
    """Put orders in by the shop's own models."""
    from django.utils import timezone  # noqa: PLC0415 - only once Django is set up
    from oscar.core.loading import get_model  # noqa: PLC0415

    country = get_model("address", "Country").objects.create(
        iso_3166_1_a2="SE", printable_name="Sweden", is_shipping_country=True
    )
    address = {
        "first_name": "Anna",
        "last_name": "Andersson",
        "line1": "Storgatan 45",
        "line4": "Göteborg",
        "postcode": "41101",
        "country": country,
    }
    head = {
        "currency": "SEK",
        "total_incl_tax": "9.50",
        "total_excl_tax": "7.60",
        "shipping_incl_tax": "5.00",
        "shipping_excl_tax": "4.00",
        "shipping_method": "Standard parcel",
        "status": "new",
        "date_placed": timezone.now(),
    }
    line = {
        "partner_name": "Seller",
        "title": "Fiat 7579570 cap Panda",
        "quantity": 1,
        **{f"line_price_{kind}_tax": "4.50" for kind in ("incl", "excl")},
        **{f"line_price_before_discounts_{kind}_tax": "4.50" for kind in ("incl", "excl")},
        **{f"unit_price_{kind}_tax": "4.50" for kind in ("incl", "excl")},
        "num_allocated": 0,
    }
    for n in range(1, count + 1):
        order = get_model("order", "Order").objects.create(
            number=f"11-{n}",
            guest_email=f"buyer{n}@example.com",
            shipping_address=get_model("order", "ShippingAddress").objects.create(**address),
            billing_address=get_model("order", "BillingAddress").objects.create(**address),
            **head,
        )
        order.lines.create(partner_sku=f"14_{n}", **line)


def seed(count: int) -> str:
    """Fill an empty database; return the administrator's token."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from oscar.core.loading import get_model  # noqa: PLC0415
    from rest_framework.authtoken.models import Token  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    get_model("catalogue", "ProductClass").objects.create(name="Part", track_stock=True)
    get_model("partner", "Partner").objects.create(name="Seller")
    add_orders(count)
    admin = get_user_model().objects.create_superuser("bench", "bench@example.com", "good pass")
    return str(Token.objects.create(user=admin).key)


if __name__ == "__main__":
    django.setup()
    print(seed(int(sys.argv[1])))
