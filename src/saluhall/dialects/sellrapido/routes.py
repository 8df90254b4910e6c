"""Every route of the dialect, in one table."""

from collections.abc import Sequence

from saluhall.dialect import Route
from saluhall.dialects.sellrapido import orders, products, sign_in

ROUTES: Sequence[Route] = (*sign_in.ROUTES, *products.ROUTES, *orders.ROUTES)
