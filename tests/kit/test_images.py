"""Images of strangers: limits before decoding, no metadata after, the same bytes every time."""

import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from saluhall.kit import images, plain_jpeg
from saluhall.kit.images import BadImage, Encoded, reencode
from tests.images import jpeg

FORMATS = [".jpg", ".png", ".webp", ".gif", ".tif", ".avif"]
RED = [200, 30, 40]


def plain(width: int = 300, height: int = 200) -> Any:
    return (pyvips.Image.black(width, height) + RED).cast("uchar").copy(interpretation="srgb")


def noise(width: int = 300, height: int = 200) -> Any:
    bands = [pyvips.Image.gaussnoise(width, height, mean=128, sigma=50, seed=n) for n in range(3)]
    return bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb")


def halves() -> Any:
    """Make an image with a red left half and a blue right half."""
    red = plain(100, 60)
    return red.join(red[2].bandjoin([red[1], red[0]]), "horizontal")


def read(
    raw: bytes,
    *,
    max_bytes: int = 4_000_000,
    max_pixels: int = 50_000_000,
    max_side: int = 2048,
) -> Encoded:
    return reencode(raw, max_bytes=max_bytes, max_pixels=max_pixels, max_side=max_side)


def pixels(encoded: Encoded) -> Any:
    return pyvips.Image.new_from_buffer(encoded.data, "")


def near(color: list[float], wanted: list[int], *, by: int = 12) -> bool:
    return len(color) == len(wanted) and all(
        abs(a - b) <= by for a, b in zip(color, wanted, strict=True)
    )


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_claimed_size(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + png_chunk(b"IEND", b"")
    )


def exif_with_place(orientation: int) -> bytes:
    """Write an EXIF block by hand: an orientation and a GPS latitude."""
    gps_at = 8 + 2 + 2 * 12 + 4
    text = b"N 59 20 SECRET PLACE\0"
    ifd0 = struct.pack(">H", 2)
    ifd0 += struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    ifd0 += struct.pack(">HHII", 0x8825, 4, 1, gps_at) + struct.pack(">I", 0)
    gps = struct.pack(">H", 1)
    gps += struct.pack(">HHII", 0x0002, 2, len(text), gps_at + 2 + 12 + 4) + struct.pack(">I", 0)
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + ifd0 + gps + text


def with_segments(jpeg: bytes, *segments: tuple[int, bytes]) -> bytes:
    written = b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data for marker, data in segments
    )
    return jpeg[:2] + written + jpeg[2:]


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_format_becomes_a_jpeg_of_the_same_image(suffix: str) -> None:
    got = read(plain().write_to_buffer(suffix))

    assert (got.media_type, got.width, got.height) == ("image/jpeg", 300, 200)
    assert near(pixels(got)(150, 100), RED)
    assert len(got.sha256) == 64


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_image_cut_in_half_is_refused(suffix: str) -> None:
    raw = noise().write_to_buffer(suffix)

    with pytest.raises(BadImage, match="damaged or cut off"):
        read(raw[: len(raw) // 2])


@pytest.mark.parametrize(
    "raw",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect/></svg>",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"%PDF-1.4\n%%EOF",
        b"%!PS-Adobe-3.0",
        b"P6 1 1 255 abc",
        b"push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 '/etc/passwd'\n",
        b"<!doctype html><title>404</title>",
        b"\0" * 1000,
        b"\xb6\xa6\xf2\x08" + b"\0" * 100,
    ],
)
def test_what_is_no_photo_format_is_refused_with_a_hint(raw: bytes) -> None:
    with pytest.raises(BadImage, match="use JPEG, PNG"):
        read(raw)


def test_an_image_without_bytes_is_refused() -> None:
    with pytest.raises(BadImage, match="empty"):
        read(b"")


def test_heic_is_refused_by_its_name() -> None:
    with pytest.raises(BadImage, match="HEIC"):
        read(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100)


def test_a_pixel_bomb_is_refused_without_decoding_it() -> None:
    bomb = png_of_claimed_size(50_000, 50_000)
    assert len(bomb) < 200

    with pytest.raises(BadImage, match="too large: 50000 x 50000 pixels"):
        read(bomb)


def test_the_pixel_limit_is_exact() -> None:
    raw = plain(100, 50).write_to_buffer(".png")

    assert read(raw, max_pixels=5000).width == 100
    with pytest.raises(BadImage, match="more than 4999 in all"):
        read(raw, max_pixels=4999)


def test_a_place_in_the_metadata_is_gone_and_the_image_upright() -> None:
    raw = with_segments(
        halves().write_to_buffer(".jpg", keep="none"),
        (0xE1, exif_with_place(orientation=6)),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET PERSON</x:xmpmeta>"),
        (0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0d\x1c\x02\x50\0\x08SECRET B\0"),
        (0xFE, b"SECRET comment"),
    )
    before = pyvips.Image.new_from_buffer(raw, "")
    assert "exif-ifd3-GPSLatitude" in before.get_fields()
    assert before.get("orientation") == 6

    got = read(raw)

    assert b"SECRET" in raw
    assert b"SECRET" not in got.data
    assert b"Exif" not in got.data
    kinds = ("exif", "xmp", "iptc", "icc", "orientation", "photoshop", "jpeg-comment")
    assert [field for field in pixels(got).get_fields() if field.startswith(kinds)] == []
    assert (got.width, got.height) == (60, 200)
    assert near(pixels(got)(30, 50), RED)


def test_a_plain_jpeg_loses_its_metadata_too() -> None:
    raw = with_segments(
        noise().write_to_buffer(".jpg", keep="none"),
        (0xE1, exif_with_place(orientation=1)),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET PERSON</x:xmpmeta>"),
        (0xFE, b"SECRET comment"),
    )
    size = (300, 200)
    assert plain_jpeg.recoded(raw, size=size, quality=85) is not None

    got = read(raw)

    assert b"SECRET" not in got.data
    assert b"Exif" not in got.data
    assert got.data == plain_jpeg.recoded(raw, size=size, quality=85)
    assert (got.width, got.height) == size
    assert near(pixels(got)(10, 10), list(pyvips.Image.new_from_buffer(raw, "")(10, 10)), by=40)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(halves().write_to_buffer(".jpg")[:-400], id="cut off"),
        pytest.param(halves().write_to_buffer(".png"), id="no JPEG"),
        pytest.param(halves().colourspace("b-w").write_to_buffer(".jpg"), id="grey"),
        pytest.param(halves().colourspace("cmyk").write_to_buffer(".jpg"), id="for print"),
        pytest.param(plain(7, 7).write_to_buffer(".jpg"), id="of another size"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_whatever_is_no_plain_jpeg_goes_the_thorough_way(raw: bytes) -> None:
    assert plain_jpeg.recoded(raw, size=(200, 60), quality=85) is None


def test_a_large_image_is_shrunk_and_a_small_one_is_not_enlarged() -> None:
    tall = read(noise(500, 2000).write_to_buffer(".jpg"), max_side=400)
    small = read(noise(30, 20).write_to_buffer(".jpg"), max_side=400)

    assert (tall.width, tall.height) == (100, 400)
    assert (small.width, small.height) == (30, 20)


def test_an_image_is_made_worse_and_then_smaller_until_it_fits() -> None:
    raw = noise(600, 400).write_to_buffer(".png")
    best, worse, smaller = (read(raw, max_bytes=limit) for limit in (200_000, 90_000, 20_000))

    assert len(best.data) > len(worse.data) > len(smaller.data)
    assert len(worse.data) <= 90_000
    assert len(smaller.data) <= 20_000
    assert worse.width == 600 > smaller.width


def test_a_limit_no_image_can_keep_is_said() -> None:
    with pytest.raises(BadImage, match="cannot be made to fit into 100 bytes"):
        read(noise().write_to_buffer(".png"), max_bytes=100)


def test_real_transparency_stays_as_png() -> None:
    got = read(plain().bandjoin(100).write_to_buffer(".png"))

    assert got.media_type == "image/png"
    assert near(pixels(got)(5, 5), [*RED, 100], by=2)


def test_transparency_that_hides_nothing_becomes_a_jpeg() -> None:
    got = read(plain().bandjoin(255).write_to_buffer(".png"))

    assert got.media_type == "image/jpeg"
    assert near(pixels(got)(5, 5), RED)


def test_transparency_that_does_not_fit_is_laid_on_white() -> None:
    got = read(noise().bandjoin(0).write_to_buffer(".png"), max_bytes=30_000)

    assert got.media_type == "image/jpeg"
    assert near(pixels(got)(5, 5), [255, 255, 255])


def test_print_colours_and_deep_and_grey_images_come_out_as_screen_colours() -> None:
    cmyk = plain().icc_transform("cmyk", input_profile="srgb").write_to_buffer(".jpg")
    deep = (plain().cast("ushort") * 257).copy(interpretation="rgb16").write_to_buffer(".png")
    lab = plain().colourspace("lab").write_to_buffer(".tif")
    grey = plain().colourspace("b-w").write_to_buffer(".jpg")

    assert near(pixels(read(cmyk))(5, 5), RED)
    assert near(pixels(read(deep))(5, 5), RED)
    assert near(pixels(read(lab))(5, 5), RED)
    assert near(pixels(read(grey))(5, 5), [102, 102, 102])


def test_colours_keep_their_meaning_when_their_profile_goes() -> None:
    wide = plain().icc_transform("p3", input_profile="srgb").write_to_buffer(".jpg", keep="icc")

    got = read(wide)

    assert not near(pyvips.Image.new_from_buffer(wide, "")(5, 5), RED, by=5)
    assert near(pixels(got)(5, 5), RED, by=5)
    assert "icc-profile-data" not in pixels(got).get_fields()


def test_of_an_animation_the_first_frame_is_kept() -> None:
    frames = plain().join(plain().invert(), "vertical").copy()
    frames.set_type(pyvips.GValue.gint_type, "page-height", 200)
    got = read(frames.write_to_buffer(".gif"))

    assert (got.width, got.height) == (300, 200)
    assert near(pixels(got)(5, 5), RED)


def test_the_same_bytes_give_the_same_bytes() -> None:
    raw = noise(900, 700).write_to_buffer(".jpg")

    first, second = read(raw, max_side=333), read(raw, max_side=333)

    assert first == second
    assert first.sha256 != read(raw, max_side=332).sha256


@settings(max_examples=60, deadline=None)
@given(data=st.data(), suffix=st.sampled_from(FORMATS))
def test_broken_bytes_are_refused_or_read_and_never_crash(data: st.DataObject, suffix: str) -> None:
    raw = bytearray(noise(20, 20).write_to_buffer(suffix))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    try:
        got = read(bytes(raw), max_pixels=1_000_000)
    except BadImage:
        return
    assert got.width * got.height <= 1_000_000


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, saluhall.kit.images; print({'PIL', 'pyvips'} & {*sys.modules} != set())"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert output.stdout == "False\n"


def test_threads_that_start_at_once_read_their_images_all_the_same() -> None:
    raw = jpeg("together")
    for _ in range(20):
        images._started.cache_clear()
        with ThreadPoolExecutor(8) as threads:
            made = [
                threads.submit(
                    images.reencode, raw, max_bytes=10**6, max_pixels=10**8, max_side=2048
                )
                for _ in range(8)
            ]
            assert len({each.result().sha256 for each in made}) == 1


def test_an_image_of_two_thousand_bands_is_refused_by_its_header() -> None:
    raw = pyvips.Image.black(4, 4, bands=2000).write_to_buffer(".tif")

    with pytest.raises(BadImage, match="2000 colour channels"):
        read(raw)


def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded() -> None:
    raw = jpeg("many scans")

    with pytest.raises(BadImage, match="scans"):
        read(raw[:-2] + b"\xff\xda\x00\x02" * 201 + raw[-2:])


def test_progressive_images_are_taken() -> None:
    raw = noise().jpegsave_buffer(interlace=True)

    assert read(raw).width == 300
