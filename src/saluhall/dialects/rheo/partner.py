"""What the dashboard shows: analytics and the subscription."""

from collections.abc import Sequence

from saluhall.dialect import Route

ROUTES: Sequence[Route] = ()
