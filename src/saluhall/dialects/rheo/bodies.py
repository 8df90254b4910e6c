"""Decode a request body into a shape, or raise the dialect error that names every offending field."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

from msgspec import Struct

from saluhall.dialect import Invalid, Malformed, Problem
from saluhall.kit import field_errors, validation

T = TypeVar("T", bound=Struct)


def read(
    body: bytes,
    shape: type[T],
    *,
    check: Callable[[T], Iterable[field_errors.FieldError]] | None = None,
    ignore: Callable[[Mapping[str, object]], Collection[str]] | None = None,
) -> T:
    """Read a body. Raises Malformed, Invalid."""
    try:
        return validation.decode(body, shape, check=check, ignore=ignore)
    except validation.Unreadable as error:
        raise Malformed(str(error)) from error
    except validation.ValidationFailed as error:
        raise Invalid([Problem(*problem) for problem in error.problems]) from error
