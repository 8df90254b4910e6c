"""Which bytes are an image: the magic number, and a structure that holds together."""

import hashlib
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

MAX_BYTES = 4 * 1024 * 1024

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_CHUNK_FRAME = 12  # length, type and checksum around each chunk's data
GIF_MAGICS = (b"GIF87a", b"GIF89a")
GIF_HEADER = 13
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
JPEG_MARK, JPEG_SCAN = 0xFF, 0xDA
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What is remembered of an image: not its bytes. Without a format it could not be decoded."""

    format: str | None
    size: int
    sha256: str

    @property
    def is_usable(self) -> bool:
        """Return whether the marketplace can show the image."""
        return self.format is not None and self.size <= MAX_BYTES


def image_from_bytes(data: bytes) -> Image:
    """Look at the bytes of an image."""
    return Image(format=_format_of(data), size=len(data), sha256=hashlib.sha256(data).hexdigest())


def _format_of(data: bytes) -> str | None:
    for name, (magics, is_whole) in FORMATS.items():
        if data.startswith(magics):
            try:
                return name if is_whole(data) else None
            except (struct.error, IndexError):
                return None
    return None


def _is_whole_jpeg(data: bytes) -> bool:
    """Walk the segments: a frame with a size, then a scan, then the end marker."""
    at, has_frame = 2, False
    while data[at] == JPEG_MARK:
        marker = data[at + 1]
        if marker == JPEG_MARK:  # fill byte
            at += 1
            continue
        if marker == JPEG_SCAN:
            return has_frame and JPEG_END in data[at:]
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            has_frame = width > 0 and height > 0
        at += 2 + length
    return False


def _is_whole_png(data: bytes) -> bool:
    """Walk the chunks: a header with a size, data, the end, and every checksum right."""
    at, seen = len(PNG_MAGIC), set[bytes]()
    while b"IEND" not in seen:
        length, name = struct.unpack_from(">I4s", data, at)
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(data[at + 4 : at + 8 + length]) != checksum:
            return False
        if name == b"IHDR" and 0 in struct.unpack_from(">II", data, at + 8):
            return False
        seen.add(name)
        at += PNG_CHUNK_FRAME + length
    return {b"IHDR", b"IDAT"} <= seen


def _is_whole_gif(data: bytes) -> bool:
    """Look for a size, an image and the trailer."""
    width, height = struct.unpack_from("<HH", data, 6)
    body = data[GIF_HEADER:].rstrip(b"\x00")
    return width > 0 and height > 0 and b"," in body and body.endswith(b";")


FORMATS: dict[str, tuple[tuple[bytes, ...], Callable[[bytes], bool]]] = {
    "Jpeg": ((JPEG_START,), _is_whole_jpeg),
    "Gif": (GIF_MAGICS, _is_whole_gif),
    "Png": ((PNG_MAGIC,), _is_whole_png),
}
