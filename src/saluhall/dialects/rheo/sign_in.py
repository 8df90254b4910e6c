"""Signing in: people get short-lived tokens for the management routes."""

from collections.abc import Sequence

from saluhall.dialect import Route

ROUTES: Sequence[Route] = ()
