"""Recode a JPEG that needs no other change: half the processor time of the library that can do everything else (decision 0021)."""

import functools
import io
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # only a process that makes images pays for the library
    from PIL.JpegImagePlugin import JpegImageFile


def recoded(raw: bytes, *, size: tuple[int, int], quality: int) -> bytes | None:
    """Decode an RGB image of this size and encode it again, bare of metadata; None for whatever else it turns out to be.

    It blocks for as long as it computes, without holding up other threads.
    """
    out = io.BytesIO()
    try:
        image = _opener()(io.BytesIO(raw))
        if image.mode != "RGB" or image.size != size:
            return None
        image.load()
        image.info.clear()  # its comment would be written again
        image.save(out, "JPEG", quality=quality)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever is odd about it, the thorough way decides
        return None
    return out.getvalue()


def warm_up() -> None:
    """Load the library."""
    _opener()


@functools.cache
def _opener() -> "type[JpegImageFile]":
    from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415 - as above

    warnings.filterwarnings("ignore", module="PIL")  # odd metadata, which goes anyway
    return JpegImageFile
