"""`python shop_seed.py COUNT`: tables, a kind of product, a partner, an administrator, and so many orders of one line; prints the token."""

import os
import sys

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_settings")


def seed(count: int) -> str:
    """Fill an empty database by Django's own models; return the administrator's token."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - only once Django is set up
    from django.utils import timezone  # noqa: PLC0415
    from oscar.core.loading import get_model  # noqa: PLC0415
    from rest_framework.authtoken.models import Token  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    get_model("catalogue", "ProductClass").objects.create(name="Part", track_stock=True)
    partner = get_model("partner", "Partner").objects.create(name="Seller")
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
    shipping = get_model("order", "ShippingAddress").objects
    billing = get_model("order", "BillingAddress").objects
    order_model, line_model = get_model("order", "Order"), get_model("order", "Line")
    numbers = range(1, count + 1)
    to = shipping.bulk_create([shipping.model(**address) for _ in numbers])
    bill = billing.bulk_create([billing.model(**address) for _ in numbers])
    orders = order_model.objects.bulk_create(
        [
            order_model(
                number=f"11-{n}",
                currency="SEK",
                total_incl_tax="9.50",
                total_excl_tax="7.60",
                shipping_incl_tax="5.00",
                shipping_excl_tax="4.00",
                shipping_method="Standard parcel",
                status="new",
                guest_email=f"buyer{n}@example.com",
                date_placed=timezone.now(),
                shipping_address=to[n - 1],
                billing_address=bill[n - 1],
            )
            for n in numbers
        ]
    )
    line_model.objects.bulk_create(
        [
            line_model(
                order=order,
                partner=partner,
                partner_name="Seller",
                partner_sku=f"14_{order.number}",
                title="Fiat 7579570 cap Panda",
                quantity=1,
                line_price_incl_tax="4.50",
                line_price_excl_tax="3.60",
                line_price_before_discounts_incl_tax="4.50",
                line_price_before_discounts_excl_tax="3.60",
                unit_price_incl_tax="4.50",
                unit_price_excl_tax="3.60",
                num_allocated=0,
            )
            for order in orders
        ]
    )
    admin = get_user_model().objects.create_superuser("bench", "bench@example.com", "good pass")
    return str(Token.objects.create(user=admin).key)


if __name__ == "__main__":
    django.setup()
    print(seed(int(sys.argv[1])))
