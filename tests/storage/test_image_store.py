"""The image store: whole images under clean keys, or a clear word why not."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.storage.image_store import ImageMissing, ImageStore, StoreUnavailable, path_of

KEY = "ab" + "0" * 62 + ".jpg"
OTHER = "cd" + "1" * 62 + ".png"
NO_KEYS = [
    "",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    KEY.upper(),
    KEY + "\n",
    KEY[1:],
    KEY.replace(".jpg", ".gif"),
    f"../{KEY}",
    f"ab/00/{KEY}",
    KEY.replace("0", "\u0660"),
]

FULL_DISK = """
import asyncio, resource, sys
from saluhall.storage.image_store import ImageStore, StoreUnavailable
async def main():
    store = ImageStore.open(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        await store.put(sys.argv[2], b"x" * 100_000, "image/jpeg")
    except StoreUnavailable as error:
        print(error)
asyncio.run(main())
"""


@pytest.fixture(params=["path", "file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ImageStore:
    folder = tmp_path / "images of mine" / "deep"
    urls = {"path": str(folder), "file": folder.as_uri(), "memory": "memory://"}
    return ImageStore.open(urls[request.param])


def below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


async def test_what_was_put_comes_back_whole(store: ImageStore) -> None:
    data = bytes(range(256)) * 4000

    await store.put(KEY, data, "image/jpeg")
    size, blocks = await store.stream(KEY)
    streamed = [block async for block in blocks]

    assert await store.get(KEY) == data
    assert (size, b"".join(streamed)) == (len(data), data)


async def test_a_large_image_streams_in_blocks(tmp_path: Path) -> None:
    store = ImageStore.open(str(tmp_path))
    await store.put(KEY, b"x" * 2_000_000, "image/jpeg")

    _, blocks = await store.stream(KEY)
    sizes = [len(block) async for block in blocks]

    assert sum(sizes) == 2_000_000
    assert max(sizes) <= 300_000


async def test_putting_again_replaces(store: ImageStore) -> None:
    await store.put(KEY, b"first", "image/jpeg")
    await store.put(KEY, b"second", "image/jpeg")

    assert await store.get(KEY) == b"second"


async def test_an_image_that_is_not_there_is_missing(store: ImageStore) -> None:
    await store.put(OTHER, b"other", "image/png")

    with pytest.raises(ImageMissing):
        await store.get(KEY)
    with pytest.raises(ImageMissing):
        await store.stream(KEY)


async def test_deleting_twice_is_fine(store: ImageStore) -> None:
    await store.put(KEY, b"x", "image/jpeg")

    await store.delete(KEY)
    await store.delete(KEY)

    with pytest.raises(ImageMissing):
        await store.get(KEY)


@pytest.mark.parametrize("key", NO_KEYS)
async def test_whatever_is_no_key_is_missing_and_touches_nothing(tmp_path: Path, key: str) -> None:
    store = ImageStore.open(str(tmp_path / "root"))

    for attempt in (store.get(key), store.stream(key), store.delete(key)):
        with pytest.raises(ImageMissing):
            await attempt
    with pytest.raises(ImageMissing):
        await store.put(key, b"x", "image/jpeg")
    assert below(tmp_path) == ["root"]


@given(st.text(max_size=80))
def test_no_text_leads_outside_the_store(key: str) -> None:
    with pytest.raises(ImageMissing):
        path_of(key)


async def test_keys_are_spread_over_folders(tmp_path: Path) -> None:
    store = ImageStore.open(str(tmp_path))

    await store.put(KEY, b"x", "image/jpeg")

    assert below(tmp_path) == ["ab", "ab/00", f"ab/00/{KEY}"]


def test_a_full_disk_is_said_clearly_and_leaves_nothing_behind(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path), KEY],
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"\nWriting image {KEY}: " in finished.stdout
    assert below(tmp_path) == ["ab", "ab/00"]


async def test_a_folder_in_the_way_is_said_clearly(tmp_path: Path) -> None:
    store = ImageStore.open(str(tmp_path))
    (tmp_path / "ab").write_text("no folder")

    with pytest.raises(StoreUnavailable, match=f"Writing image {KEY}"):
        await store.put(KEY, b"x", "image/jpeg")


@pytest.mark.parametrize("url", ["ftp://host/x", "https://host/x", "s3://", "/dev/null/x"])
def test_a_store_that_cannot_be_opened_says_so(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="Image store "):
        ImageStore.open(url)


def test_a_bucket_is_opened_without_calling_it() -> None:
    for url in ("s3://bucket/prefix", "gs://bucket/prefix"):
        assert isinstance(ImageStore.open(url), ImageStore)
