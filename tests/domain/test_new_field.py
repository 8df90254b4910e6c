"""What it costs to add a field that reaches a channel: six edits, made here in a copy of the code."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import saluhall
from saluhall.storage import Database

# The first edit is the column: a migration.
COLUMN = "alter table products add column hallmark text not null default ''"
# File, the line after which, and what is added.
EDITS = [
    (
        "domain/products/fields.py",
        "    asin: Annotated[Text, _TEXT] = UNSET\n",
        "    hallmark: Annotated[Text, _TEXT] = UNSET\n",
    ),
    ("domain/products/model.py", '    asin: str = ""\n', '    hallmark: str = ""\n'),
    (
        "dialects/sellrapido/product_fields.py",
        '    "asin": _of("asin"),\n',
        '    "hallmark": _of("hallmark"),\n',
    ),
    ("channel.py", '    mpn: str = ""\n', '    hallmark: str = ""\n'),
    (
        "channels/tradera/footer.py",
        '    "ean": Words("EAN", "EAN"),\n',
        '    "hallmark": Words("Hallmark", "Stämpel"),\n',
    ),
]
SELL = """
import asyncio, sys
from saluhall.channels.tradera.footer import footer_from_product
from saluhall.dialects.sellrapido.product_fields import SHOWN
from saluhall.dialects.sellrapido.product_rows import rows_from_body
from saluhall.dialects.sellrapido.wire_products import NewProduct
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.products import upsert
from saluhall.domain.products.content import list_contents
from saluhall.kit.clock import utc_now
from saluhall.storage import Database

async def main():
    now = utc_now()
    async with Database(sys.argv[1], connections=1) as db, db.transaction() as tx:
        account_id = await accounts.create_account(tx, name="a", username="a", password="p", now=now)
        principal = Principal(account_id=account_id, account_name="a")
        number = await catalogs.create_catalog(tx, principal=principal, name="A", code="A", now=now)
        body = b'[{"catalog":%d,"sku":"R","price1":9,"quantity":1,"hallmark":"925"}]' % number
        rows = rows_from_body(body, NewProduct)
        [stored] = await upsert.create(
            tx, principal=principal, catalogs=rows.catalogs, patches=rows.patches(), now=now
        )
        contents = await list_contents(tx, account_id=account_id, product_ids=[stored.product_id])
        print(SHOWN["hallmark"], footer_from_product(contents[stored.product_id].product, "en")[1])

asyncio.run(main())
"""


async def test_a_field_that_reaches_a_channel_is_added_by_six_edits(
    db: Database, tmp_path: Path
) -> None:
    package = Path(saluhall.__file__).parent
    copy = tmp_path / package.name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, after, line in EDITS:
        text = (copy / name).read_text(encoding="utf-8")
        assert text.count(after) == 1, name
        (copy / name).write_text(text.replace(after, after + line), encoding="utf-8")
    async with db.statement() as tx:
        await tx.run(COLUMN)

    seen = subprocess.run(
        [sys.executable, "-c", SELL, db.url],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert seen.stdout.strip().splitlines()[-1:] == ["p.hallmark Hallmark: 925"], seen.stderr
    assert 1 + len(EDITS) == 6
