"""The work that everybody is given: the same products, prices and orders, and the five jobs."""

from collections.abc import Sequence

from msgspec import Struct

CONNECTIONS = 16
BULK_CONNECTIONS = 4
ROUNDS = 5
TARGET = 20.0
PRODUCTS = 500
ORDERS = 1000


class Product(Struct, frozen=True, kw_only=True):
    """What a seller says of a product. Price in kronor and öre, but never a fraction of an öre."""

    sku: str
    title: str
    description: str
    price: float
    quantity: int


class Job(Struct, frozen=True, kw_only=True):
    """One line of the table."""

    name: str
    what: str
    unit: str


CREATE_ONE = Job(
    name="create-one",
    what=f"create a product with price and stock, {CONNECTIONS} connections",
    unit="products/s",
)
CREATE_BULK = Job(
    name="create-bulk", what="create products with price and stock in bulk", unit="products/s"
)
CHANGE = Job(name="change", what="change price and stock", unit="products/s")
READ_PRODUCTS = Job(name="read-products", what=f"read all {PRODUCTS:,} products", unit="products/s")
READ_ORDERS = Job(
    name="read-orders", what=f"read all {ORDERS:,} orders with their lines", unit="orders/s"
)
JOBS = (READ_PRODUCTS, READ_ORDERS, CREATE_ONE, CREATE_BULK, CHANGE)


def products(prefix: str, count: int, *, raised_by: int = 0) -> Sequence[Product]:
    """Make so many products; raised, they are the same ones with other prices and stocks."""
    return [
        Product(
            sku=f"{prefix}-{n:05d}",
            title=f"Volvo V70 headlight left {prefix} {n}",
            description="Used, tested, ready to fit. From a car of 2011.",
            price=950.5 + n % 1000 + raised_by,
            quantity=1 + (n + raised_by) % 9,
        )
        for n in range(count)
    ]
