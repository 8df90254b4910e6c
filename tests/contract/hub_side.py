"""What the hub brings to a channel: a place for progress, a budget, images. Real enough to die and to run out."""

import json
import struct
import zlib
from dataclasses import dataclass, field
from datetime import timedelta

from saluhall.channel import OutOfBudget, ProductImage, Progress, Purpose

JPEG = (
    b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x37\xff\xd9"
)
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\0"))
    + _chunk(b"IEND", b"")
)
BYTES = {"image/jpeg": JPEG, "image/gif": GIF, "image/png": PNG}


def image(media_type: str = "image/jpeg", data: bytes | None = None, key: str = "") -> ProductImage:
    """Make an image."""

    async def read() -> bytes:
        return BYTES[media_type] if data is None else data

    return ProductImage(media_type=media_type, read=read, key=key)


class Killed(BaseException):
    """The process died here."""


@dataclass
class Notebook:
    """Where the hub keeps progress; it may die while writing for the n-th time."""

    progress: Progress = field(default_factory=Progress)
    dies_at: int | None = None
    written: int = 0

    async def save(self, progress: Progress) -> None:
        self.written += 1
        if self.written == self.dies_at:
            raise Killed
        self.progress = Progress(
            external_id=progress.external_id,
            may_be_live=progress.may_be_live,
            unclear=progress.unclear,
            over=progress.over,
            price=progress.price,
            quantity=progress.quantity,
            steps=json.loads(json.dumps(dict(progress.steps))),  # as a database keeps it
        )


@dataclass
class Purse:
    """A budget that remembers what was bought."""

    left: int = 1_000_000
    spent: list[Purpose] = field(default_factory=list)
    required: list[int] = field(default_factory=list)
    blocks: list[timedelta | None] = field(default_factory=list)

    async def spend(self, purpose: Purpose, *, needs: int = 1) -> None:
        if needs > 1:
            self.required.append(needs)
        if self.left < needs:
            raise OutOfBudget(f"{purpose} needs {needs} calls", retry_in=timedelta(hours=1))
        self.left -= 1
        self.spent.append(purpose)

    async def blocked(self, retry_in: timedelta | None) -> None:
        self.blocks.append(retry_in)
