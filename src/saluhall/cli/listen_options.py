"""Check the addresses at which `serve` and `worker` listen."""

import errno
import socket
import time
from collections.abc import Iterator

from saluhall.cli.failures import Refused
from saluhall.cli.listen_url import base_of, is_everywhere
from saluhall.kit.environment import BadSetting, Wrong
from saluhall.kit.values import MAX_PORT, listen_address, shown, web_address

METRICS_LISTEN = "SALUHALL_METRICS_LISTEN"
MAX_PROCESSES = 256
_TIMEOUT_S = 5.0
_LOOK_EVERY_S = 0.1
_HOST_REMEDY = (
    "use 127.0.0.1 for this machine alone, 0.0.0.0 or :: for all, or one of its addresses"
)


def bad_options(*, host: str, port: int, processes: int) -> Iterator[BadSetting]:
    """Find what is wrong with the options of `serve`, without listening anywhere."""
    if not 0 < port <= MAX_PORT:
        yield BadSetting("--port", f"{port} is not a port", f"use a port from 1 to {MAX_PORT}")
    if not 0 < processes <= MAX_PROCESSES:
        yield BadSetting(
            "--processes",
            f"{processes} is too {'small' if processes < 1 else 'large'}",
            f"use 1 to {MAX_PROCESSES}, such as one for each core",
        )
    problem = _problem_of_host(host)
    if problem:
        yield BadSetting("--host", problem, _HOST_REMEDY)


def _problem_of_host(host: str) -> str | None:
    if not host.strip():
        return "it is empty"
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        web_address(example="")(base_of(host, 1))
    except OSError as error:
        return f"{shown(host)} cannot be resolved: {error.strerror}"
    except (UnicodeError, Wrong):
        return f"{shown(host)} cannot be part of an address"
    return None


def listen_option(option: str, text: str) -> tuple[str, int]:
    """Read an option of the form HOST:PORT. Raises BadSetting."""
    try:
        return listen_address(text)
    except Wrong as error:
        raise BadSetting(option, error.problem, error.remedy) from error


def check_free(host: str, port: int, *, setting: str = "--host") -> None:
    """See that nobody listens there: the API processes share their port, so they would share it with a stranger too.

    Waits a moment for a server that was just stopped. Raises Refused, BadSetting.
    """
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            _bind(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                problem = f"cannot listen on {host}:{port}: {error.strerror}"
                remedy = "use a port from 1024 on" if error.errno == errno.EACCES else _HOST_REMEDY
                raise BadSetting(setting, problem, remedy) from error
            if time.monotonic() > deadline:
                raise Refused(f"cannot listen on {host}:{port}: {error.strerror}") from error
            time.sleep(_LOOK_EVERY_S)
        else:
            return


def _bind(host: str, port: int) -> None:
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, proto) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def check_metrics(metrics: tuple[str, int], *, host: str, port: int) -> None:
    """See that metrics can have an address of their own. Raises Refused, BadSetting."""
    shared = metrics[0] == host or is_everywhere(metrics[0]) or is_everywhere(host)
    if shared and metrics[1] == port:
        raise BadSetting(
            METRICS_LISTEN, f"the API listens on port {port} too", "use another port for metrics"
        )
    check_free(*metrics, setting=METRICS_LISTEN)
