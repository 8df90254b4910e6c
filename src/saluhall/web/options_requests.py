"""OPTIONS: which methods a path takes; the web library's own handlers know only those of one of its handlers."""

from collections import defaultdict
from collections.abc import Sequence

from litestar import Response
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler


def options_of(handlers: Sequence[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Make a handler of OPTIONS for each path; registered before the others, it replaces the library's."""
    methods: defaultdict[str, set[str]] = defaultdict(lambda: {"OPTIONS"})
    for handler in handlers:
        for path in handler.paths:
            methods[path] |= {HttpMethod(method).value for method in handler.http_methods}
    return [_handler(path, sorted(names)) for path, names in methods.items()]


def _handler(path: str, methods: Sequence[str]) -> HTTPRouteHandler:
    async def options() -> Response[None]:
        return Response(None, status_code=204, headers={"Allow": ", ".join(methods)})

    route = HTTPRouteHandler(
        path, http_method=HttpMethod.OPTIONS, include_in_schema=False, status_code=204
    )
    return route(options)
