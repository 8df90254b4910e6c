"""Products to measure with, made by PostgreSQL itself: as many as wanted, and listings of them that are due."""

import psycopg

HEAPS = 20
_FILL = """
  insert into products (account_id, catalog_id, sku, id, kind, status, title, description, price, currency,
                        shipping_cost, shipping_strategy, image_urls, category, attributes, extras,
                        auto_publish, ai_enhancement, created_at, updated_at, changed_at, quantity, ean, mpn,
                        brand, category1, category2, delivery_days)
  select c.account_id, c.id, 'PART-' || n %% %(heaps)s || '-' || 1 + n / %(heaps)s, new_ulid(), 'item', 'active',
         'Volvo V70 headlight left ' || n, 'Used, tested, ready to fit. From a car of 2011.',
         1250 + n %% 1000, 'SEK', 99, 'integrated',
         case when %(images)s then array['https://images.example.com/parts/' || n || '-1.jpg',
                                           'https://images.example.com/parts/' || n || '-2.jpg'] else '{}' end,
         'auto_parts', '{"part_name": "Headlight", "part_number": "31420118"}',
         '{"domain": {"domain": "auto_parts", "part": {"name": "Headlight", "oemNumber": "31420118"}},
           "metadata": "{\\"bin\\":\\"A-17\\"}"}', false, false, now(), now(), now() - interval '1 year' + n * interval '1 second',
         1 + n %% 9, '73' || lpad(n::text, 11, '0'), '31420118-' || n, 'Volvo', 'Car parts', 'Lights', 3
    from catalogs c, generate_series(1, %(count)s) n where c.account_id = %(account_id)s and c.code = 'RHEO'
"""
_OFFER = """
  insert into offers (account_id, id, product_id, channel, connection_id, format, wanted, price, currency, quantity, listing_id,
                      created_at, updated_at)
  select p.account_id, new_ulid(), p.id, 'tradera', %(connection)s, 'auction', 'live', p.price, p.currency, 1, new_ulid(),
         now(), now()
    from products p where p.account_id = %(account_id)s
"""
_LIST = """
  insert into listings (account_id, id, offer_id, product_id, connection_id, format, state, due_at, created_at, updated_at)
  select o.account_id, o.listing_id, o.id, o.product_id, o.connection_id, o.format, 'pending', now() + %(due_in)s::interval,
         now(), now()
    from offers o where o.account_id = %(account_id)s
"""


def sku_of(number: int) -> str:
    """Return the sku of a product by its number, from 1: numbers in a row are spread over the table."""
    return f"PART-{number % HEAPS}-{1 + number // HEAPS}"


async def fill(url: str, account_id: str, *, count: int, images: bool = False) -> None:
    """Give an account so many products, each changed a second after the one before."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        given = {"account_id": account_id, "count": count, "heaps": HEAPS, "images": images}
        await connection.execute(_FILL, given)
        await connection.execute("vacuum analyze products")


async def want_listed(url: str, account_id: str, connection_id: str, *, due_in: str = "0") -> None:
    """Make all products of an account due to be listed, in a while."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        given = {"account_id": account_id, "connection": connection_id, "due_in": due_in}
        await connection.execute(_OFFER, given)
        await connection.execute(_LIST, given)
        await connection.execute("vacuum analyze")
