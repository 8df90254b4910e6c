"""Measure against peers: `python -m bench.peers [PEER ...]` writes bench/peers.json and prints a table."""

import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop

from bench.peers import report
from bench.peers.hub import Hub
from bench.peers.medusa import Medusa
from bench.peers.oscar import Oscar
from bench.peers.peer import Absent, Peer
from bench.peers.run import Line, measure_all
from bench.peers.vendure import Vendure
from bench.stage import Stage

PEERS: tuple[type[Peer], ...] = (Medusa, Vendure, Oscar)


def main() -> None:
    """Measure against the peers that the command line names, else against all."""
    wanted = sys.argv[1:]
    known = [peer.name for peer in PEERS]
    if unknown := [name for name in wanted if name not in known]:
        sys.exit(f"no such peer: {', '.join(unknown)}; there are {', '.join(known)}")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    chosen = [peer for peer in PEERS if not wanted or peer.name in wanted]
    try:
        uvloop.run(_measure(chosen))
    except KeyboardInterrupt:
        sys.exit(130)


async def _measure(chosen: Sequence[type[Peer]]) -> None:
    loads = {"before": report.load()}
    absent: dict[str, str] = {}
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="saluhall-peers-") as folder:
        async with Stage(Path(folder)) as stage, AsyncExitStack() as running:
            peers: list[Peer] = [await running.enter_async_context(Hub.start(stage))]
            for peer in chosen:
                print(f"starting {peer.name}", flush=True)
                try:
                    peers.append(await running.enter_async_context(peer.start(stage)))
                except Absent as why:
                    absent[peer.name] = str(why)
                    print(f"  {peer.name} is left out: {why}", flush=True)
            if not peers[1:]:
                sys.exit("there is no peer to measure against")
            lines = await measure_all(peers)
    loads["after"] = report.load()
    report.write(peers, lines, absent, loads)
    report.show(peers, lines, absent)


if __name__ == "__main__":
    main()
