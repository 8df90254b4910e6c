"""Webhook endpoints, their secrets, the delivery log, and the feed of events, managed by the people of an account."""

from collections.abc import Sequence

from saluhall.dialect import Route

ROUTES: Sequence[Route] = ()
