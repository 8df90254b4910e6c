"""The process that re-encodes images: reads a request, answers, waits for the next; limited in processor time and memory.

Its arguments are the seconds of processor time and the bytes of memory that an image may take.

A request is its header (`REQUEST`: the size of the image, then the limits of `reencode`) and the image. A response is the size of its
JSON head (`RESPONSE`), the head, and the bytes of the new image. End of input ends the process.
"""

import math
import os
import resource
import signal
import struct
import sys
import time
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from saluhall.kit.images import BadImage, Encoded, MediaType, reencode, start_libraries
from saluhall.kit.process_setup import die_with_parent

REQUEST = struct.Struct(">QQQQ")
RESPONSE = struct.Struct(">I")
OUT_OF_MEMORY = 71  # exit code: the image needs more memory than it may take
_PAGE = resource.getpagesize()


class Head(Struct, frozen=True, kw_only=True):
    """What came of an image: either `error`, or the facts of the new one and the size of its bytes, which follow."""

    error: str | None = None
    media_type: MediaType = "image/jpeg"
    width: int = 0
    height: int = 0
    sha256: str = ""
    size: int = 0


def main(cpu_s: int, memory_bytes: int) -> None:
    """Serve requests on standard input until it ends."""
    die_with_parent(by=signal.SIGKILL)
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(
            signum, signal.SIG_IGN
        )  # the worker finishes what runs, and then closes our input
    start_libraries()
    _limit_memory(memory_bytes)
    requests, responses = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    while header := requests.read(REQUEST.size):
        size, max_bytes, max_pixels, max_side = REQUEST.unpack(header)
        raw = requests.read(size)
        if len(raw) < size:
            return
        _limit_cpu(cpu_s)
        try:
            encoded = reencode(raw, max_bytes=max_bytes, max_pixels=max_pixels, max_side=max_side)
        except BadImage as error:
            _respond(responses, Head(error=str(error)))
        except MemoryError:
            os._exit(OUT_OF_MEMORY)  # what the libraries have left behind is unknown
        else:
            _respond(responses, _head_of(encoded), encoded.data)


def _head_of(encoded: Encoded) -> Head:
    return Head(
        media_type=encoded.media_type,
        width=encoded.width,
        height=encoded.height,
        sha256=encoded.sha256,
        size=len(encoded.data),
    )


def _respond(to: BinaryIO, head: Head, data: bytes = b"") -> None:
    packed = msgspec.json.encode(head)
    to.write(RESPONSE.pack(len(packed)) + packed + data)
    to.flush()


def _limit_memory(memory_bytes: int) -> None:
    """Allow so much beyond what the libraries take."""
    taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * _PAGE
    resource.setrlimit(resource.RLIMIT_AS, (taken + memory_bytes, taken + memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_cpu(cpu_s: int) -> None:
    """Allow so much processor time for the next image: beyond it the kernel ends the process with SIGXCPU."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + cpu_s, hard))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
