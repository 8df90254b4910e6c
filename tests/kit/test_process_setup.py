"""What a process does about its memory."""

import ctypes
import subprocess
import sys

import pytest

# One large block is freed first: that alone makes glibc take the next ones from the heap.
PROGRAM = """
import ctypes, sys
from saluhall.kit.process_setup import release_large_blocks

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

class Mallinfo(ctypes.Structure):
    _fields_ = [(n, ctypes.c_size_t) for n in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

libc.mallinfo2.restype = Mallinfo
if sys.argv[1] == "level":
    release_large_blocks()
libc.free(libc.malloc(1024 * 1024))
before = libc.mallinfo2().hblks
blocks = [libc.malloc(256 * 1024) for _ in range(20)]
print(libc.mallinfo2().hblks - before)
"""


def mapped(how: str) -> int:
    output = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, check=True)
    return int(output.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc 2.33")
def test_large_blocks_are_returned_to_the_system_one_by_one() -> None:
    assert mapped("level") == 20
    assert mapped("as it is") == 0
