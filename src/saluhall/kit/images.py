"""Make a stranger's image ours: decoded within limits, upright, bare of metadata, recoded."""

import functools
import hashlib
import threading
from typing import Any, Literal

from msgspec import Struct

from saluhall.kit.plain_jpeg import recoded, warm_up

_LOADERS = (
    "VipsForeignLoadJpegBuffer",
    "VipsForeignLoadPngBuffer",
    "VipsForeignLoadWebpBuffer",
    "VipsForeignLoadNsgifBuffer",
    "VipsForeignLoadHeifBuffer",
    "VipsForeignLoadTiffBuffer",
)
_FORMATS = "JPEG, PNG, WebP, AVIF, GIF or TIFF"
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"II*\0", b"MM\0*")
_QUALITIES = (85, 75, 65, 55)
_SHRINK = 0.7
_SMALLEST_SIDE = 64
_OUT_OF_MEMORY = ("out of memory", "insufficient memory")
_MAX_BANDS = 5  # cyan, magenta, yellow, black and transparency
_MAX_SCANS = 200  # a progressive JPEG has about ten
_SCAN = b"\xff\xda"
_JPEG = b"\xff\xd8\xff"
_WHITE = [255, 255, 255]
_STARTING = threading.Lock()

MediaType = Literal["image/jpeg", "image/png"]


class BadImage(Exception):
    """The bytes are no image we take; the message says why and is safe to show."""


class Encoded(Struct, frozen=True):
    """An image as we keep it."""

    data: bytes
    media_type: MediaType
    width: int
    height: int
    sha256: str


def reencode(raw: bytes, *, max_bytes: int, max_pixels: int, max_side: int) -> Encoded:
    """Decode an image and encode it again within every limit; equal bytes give equal bytes.

    It blocks for as long as it computes and is meant for a process of its own: see image_pool. Raises BadImage, and MemoryError when
    the process reaches its limit.
    """
    vips = _libvips()
    try:
        header = _checked_header(vips, raw, max_pixels=max_pixels)
        if plain := _recoded(header, raw, max_bytes=max_bytes, max_side=max_side):
            return plain
        image = _decoded(vips, header, raw, max_side)
        return _with_transparency(image, max_bytes) or _as_jpeg(image, max_bytes)
    except vips.Error as error:
        # The library's own words name its inner functions and sometimes files.
        raise BadImage(_complaint(error, raw)) from None


def start_libraries() -> None:
    """Load what decodes and encodes."""
    _libvips()
    warm_up()


def _complaint(error: Exception, raw: bytes) -> str:
    if any(sign in str(error).lower() for sign in _OUT_OF_MEMORY):
        raise MemoryError
    if raw[4:11] in {b"ftyphei", b"ftyphev"}:
        return f"HEIC images cannot be read here: use {_FORMATS}"
    if not raw.startswith(_BEGINNINGS) and raw[4:8] != b"ftyp":
        return f"This is no image we can read: use {_FORMATS}"
    return "The image is damaged or cut off"


def _libvips() -> Any:  # noqa: ANN401 - the library has no types
    """Give libvips, started once: two threads that started it at once would block each other's loaders in the middle of an image."""
    with _STARTING:
        return _started()


@functools.cache
def _started() -> Any:  # noqa: ANN401 - the library has no types
    """Start libvips, with loaders for a few harmless formats and bounded memory."""
    import pyvips  # noqa: PLC0415 - only a process that makes images pays for the library

    pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003 - their signature
    for loader in _LOADERS:
        pyvips.operation_block_set(loader, False)  # noqa: FBT003 - their signature
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    return pyvips


def _checked_header(vips: Any, raw: bytes, *, max_pixels: int) -> Any:  # noqa: ANN401
    """Read the header, and refuse too large an image by what it says, before a pixel is decoded."""
    if not raw:
        raise BadImage("The image is empty")
    if raw.startswith(_JPEG) and raw.count(_SCAN) > _MAX_SCANS:
        raise BadImage(f"The image has more than {_MAX_SCANS} scans: save it again as a JPEG")
    header = vips.Image.new_from_buffer(raw, "", access="sequential", fail_on="error")
    if header.width * header.height > max_pixels:
        raise BadImage(
            f"The image is too large: {header.width} x {header.height} pixels,"
            f" more than {max_pixels} in all"
        )
    if header.bands > _MAX_BANDS:
        raise BadImage(
            f"The image has {header.bands} colour channels; at most {_MAX_BANDS} can be read"
        )
    return header


def _has_colours_of_its_own(header: Any) -> bool:  # noqa: ANN401
    """Return whether colours must be converted: most images are sRGB without saying so, and that conversion costs ten times the rest."""
    return bool(header.get_typeof("icc-profile-data")) or header.interpretation == "cmyk"


def _is_as_wanted(header: Any, max_side: int) -> bool:  # noqa: ANN401
    """Return whether an image is small enough and upright already, so that what was opened for its header can be read on."""
    fits = max(header.width, header.height) <= max_side
    upright = not header.get_typeof("orientation") or header.get("orientation") == 1
    return fits and upright and not _has_colours_of_its_own(header)


def _recoded(header: Any, raw: bytes, *, max_bytes: int, max_side: int) -> Encoded | None:  # noqa: ANN401
    """Encode again a JPEG in colours that needs no other change; None for all others."""
    is_plain = header.get("vips-loader") == "jpegload_buffer" and header.interpretation == "srgb"
    if not is_plain or not _is_as_wanted(header, max_side):
        return None
    data = recoded(raw, size=(header.width, header.height), quality=_QUALITIES[0])
    if data is None or len(data) > max_bytes:
        return None
    return _encoded(header, data, "image/jpeg")


def _decoded(vips: Any, header: Any, raw: bytes, max_side: int) -> Any:  # noqa: ANN401
    """Decode upright in sRGB, shrunk while loading; anything cut off is an error."""
    convert = _has_colours_of_its_own(header)
    image = (
        header
        if _is_as_wanted(header, max_side)
        else vips.Image.thumbnail_buffer(
            raw,
            max_side,
            height=max_side,
            size="down",
            option_string="fail_on=error",  # its own `fail_on` has no effect: libvips issue 5195
            **({"export_profile": "srgb"} if convert else {}),
        )
    )
    if image.interpretation != "srgb":
        image = image.colourspace("srgb")
    return image.cast("uchar").copy_memory()


def _with_transparency(image: Any, max_bytes: int) -> Encoded | None:  # noqa: ANN401
    """Encode as PNG an image one can see through; None for all others and when it does not fit."""
    if not image.hasalpha() or image[image.bands - 1].min() == _WHITE[0]:
        return None
    data = image.pngsave_buffer(compression=9, keep="none")
    return _encoded(image, data, "image/png") if len(data) <= max_bytes else None


def _as_jpeg(image: Any, max_bytes: int) -> Encoded:  # noqa: ANN401
    """Encode as JPEG, worse and then smaller until it fits. Raises BadImage."""
    if image.hasalpha():
        image = image.flatten(background=_WHITE)
    while True:
        for quality in _QUALITIES:
            data = image.jpegsave_buffer(Q=quality, keep="none")
            if len(data) <= max_bytes:
                return _encoded(image, data, "image/jpeg")
        if max(image.width, image.height) <= _SMALLEST_SIDE:
            raise BadImage(f"The image cannot be made to fit into {max_bytes} bytes")
        image = image.resize(_SHRINK).copy_memory()


def _encoded(image: Any, data: bytes, media_type: MediaType) -> Encoded:  # noqa: ANN401
    return Encoded(data, media_type, image.width, image.height, hashlib.sha256(data).hexdigest())
