"""Read a body into a shape, or say in the socket's facts what is wrong with it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

from msgspec import Struct

from saluhall.dialect import Invalid, Malformed, Problem
from saluhall.kit import fitting, shapes

T = TypeVar("T", bound=Struct)


def read(
    body: bytes,
    shape: type[T],
    *,
    check: Callable[[T], Iterable[fitting.Problem]] | None = None,
    ignore: Callable[[Mapping[str, object]], Collection[str]] | None = None,
) -> T:
    """Read a body. Raises Malformed, Invalid."""
    try:
        return shapes.decode(body, shape, check=check, ignore=ignore)
    except shapes.Unreadable as error:
        raise Malformed(str(error)) from error
    except shapes.Misshapen as error:
        raise Invalid([Problem(*problem) for problem in error.problems]) from error
