"""Items many at a time: batches in, pages out, and what stands around one item."""

from collections.abc import Sequence

from saluhall.dialect import Route

ROUTES: Sequence[Route] = ()
