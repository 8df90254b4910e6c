"""What people see in a browser: the page of an item."""

from html import escape

from aiohttp import web

from saluhall.practice.tradera.clock import text_of
from saluhall.practice.tradera.middleware import MARKET
from saluhall.practice.tradera.model import Item
from saluhall.practice.tradera.request_parsing import int_of

_STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}dt{font-weight:600}"


async def show_item(request: web.Request) -> web.Response:
    """Show an item as a buyer sees it: title, price, bids, end. Raises Missing."""
    market = request.app[MARKET]
    market.catch_up()
    item = market.published(int_of(request.match_info["id"]))
    return web.Response(text=page_of_item(item), content_type="text/html")


def page_of_item(item: Item) -> str:
    """Write the page; what a seller wrote is text in it, never markup."""
    title = escape(item.terms.title)
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in _facts(item))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><p>Practice marketplace: nothing here is for sale.</p>"
        f"<h1>{title}</h1><dl>{rows}</dl><pre>{escape(item.terms.description)}</pre></body></html>"
    )


def _facts(item: Item) -> list[tuple[str, str]]:
    price = item.price if item.bids else item.start_price or item.buy_now_price
    return [
        ("Number", str(item.id)),
        ("Seller", item.seller.person.alias),
        ("Price", f"{price} SEK"),
        ("Bids", str(len(item.bids))),
        ("Images", str(len(item.images))),
        ("Ends", text_of(item.end_at)),
        ("State", _state(item)),
    ]


def _state(item: Item) -> str:
    if not item.is_ended:
        return "for sale"
    return f"sold to {item.winner.alias}" if item.winner else "ended"
