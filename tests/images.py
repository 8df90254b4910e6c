"""Images to sell with."""

import zlib

import pyvips


def jpeg(seed: str = "a", *, width: int = 320, height: int = 240) -> bytes:
    """A plain JPEG; its colour, and so its bytes, follow the seed."""
    colour = [zlib.crc32(f"{seed}{band}".encode()) % 256 for band in range(3)]
    image = (pyvips.Image.black(width, height, bands=3) + colour).cast("uchar")
    return bytes(image.jpegsave_buffer(Q=80))
