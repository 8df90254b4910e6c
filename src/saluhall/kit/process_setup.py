"""What is particular to our own processes: they do not outlive their parent, collect garbage rarely, and give memory back."""

import ctypes
import gc
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_NEW_OBJECTS = 20_000
_M_MMAP_THRESHOLD = -3  # malloc.h
_LARGE_BYTES = 128 * 1024


def die_with_parent(parent: int | None = None, *, by: signal.Signals = signal.SIGTERM) -> None:
    """Ask Linux to stop this process when its parent ends, even by kill -9; elsewhere do nothing.

    `parent` is the process that started this one, when it is known: it may have ended before we came here. `by` is the signal that comes.
    """
    if not sys.platform.startswith("linux"):
        return
    parent = parent or os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        sys.exit(0)  # it ended before we asked


def relax_gc() -> None:
    """Say that all that exists by now is here to stay, and let more new objects come together before those in circles are looked for.

    Call it once a process is ready for work: what was imported is then not walked through again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


def release_large_blocks() -> None:
    """Have the C library return every large block to the system when it is freed; elsewhere than in glibc do nothing.

    By itself, glibc takes large blocks from the heap once the first of them has been freed. For each TLS connection uvloop holds
    256 KB: between blocks that live long they leave holes, and the process grows with every burst of connections.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, _LARGE_BYTES)
