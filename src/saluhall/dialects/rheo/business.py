"""Resellers: deals, members, and who acts for whom."""

from collections.abc import Sequence

from saluhall.dialect import Route

ROUTES: Sequence[Route] = ()
