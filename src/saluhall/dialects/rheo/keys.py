"""API keys, managed by the people of an account."""

from collections.abc import Sequence

from saluhall.dialect import Route

ROUTES: Sequence[Route] = ()
