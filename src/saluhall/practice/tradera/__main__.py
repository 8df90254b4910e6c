"""Start the sandbox by itself: python -m saluhall.practice.tradera --port 0."""

import argparse
import ctypes
import json
import os
import signal
import sys

from saluhall.practice.tradera.rules import Rules
from saluhall.practice.tradera.server import serve

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Read the command line, serve, and print the address as one JSON line."""
    options = _parser().parse_args()
    if os.environ.get("SALUHALL_DIE_WITH_PARENT") == "1":
        _die_with_parent()
    try:
        serve(
            host=options.host,
            port=options.port,
            seed=options.seed,
            app_id=options.app_id,
            app_key=options.app_key,
            rules=Rules(
                settle_s=options.settle_s,
                settle_polls=options.settle_polls,
                end_refusal=options.end_refusal,
            ),
            announce=_announce,
        )
    except OSError as error:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {error.strerror}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="saluhall.practice.tradera", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--app-id", type=int, help="the only application let in")
    parser.add_argument("--app-key", help="its key")
    parser.add_argument("--settle-s", type=float, default=0, help="seconds in the queue")
    parser.add_argument("--settle-polls", type=int, default=1, help="polls that hear 128")
    parser.add_argument("--end-refusal", choices=["error", "false"], default="error")
    return parser


def _announce(url: str) -> None:
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()


def _die_with_parent() -> None:
    """Have the kernel stop this process when the one that started it is gone (Linux only)."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it went between start and the line above
        sys.exit(0)


if __name__ == "__main__":
    main()
