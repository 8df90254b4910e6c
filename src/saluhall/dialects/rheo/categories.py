"""Categories, their translation between marketplaces, and the lookup of vehicles."""

from collections.abc import Sequence

from saluhall.dialect import Route

ROUTES: Sequence[Route] = ()
