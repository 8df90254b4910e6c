"""Order tracking for items that the seller ships."""

from collections.abc import Sequence

from saluhall.dialect import Route

ROUTES: Sequence[Route] = ()
