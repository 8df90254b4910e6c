"""Store images in a folder or an object store, under the hash of their content."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from saluhall.kit.outages import IMAGE_STORE
from saluhall.storage.addresses import REMOTE_STORES

if TYPE_CHECKING:  # these names exist for type checkers alone
    from obstore import GetResult
    from obstore.store import RetryConfig

KEY = re.compile(r"[0-9a-f]{64}\.(?:jpg|png)")
_BLOCK = 256 * 1024
_THREADS = 16
_RETRY: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}

Result = TypeVar("Result")


class ImageMissing(Exception):
    """There is no image with this key, or the key is invalid."""


class StoreUnavailable(Exception):
    """The store cannot be used now: disk full, no access, no connection. Nothing was half done."""


class ImageStore:
    """The images that the hub serves, each stored under `<sha256>.jpg` or `<sha256>.png`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        # The library's blocking calls in threads of our own, not its awaitable ones: those end in
        # threads that Python does not know, and abort a process that is just about to exit.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="images")

    @classmethod
    def open(cls, url: str) -> "ImageStore":
        """Open a folder (made if need be) or `file:`, `s3:`, `gs:`, `az:`, `memory:` URL.

        Raises StoreUnavailable.
        """
        scheme = url.partition("://")[0] if "://" in url else "path"
        with _explained(f"Image store {url}"):
            if scheme in REMOTE_STORES:
                return cls(from_url(url, config={}, retry_config=_RETRY))
            if scheme == "memory":
                return cls(MemoryStore())
            if scheme in {"path", "file"}:
                folder = url if scheme == "path" else unquote(urlsplit(url).path)
                return cls(LocalStore(Path(folder).expanduser().absolute(), mkdir=True))
        raise StoreUnavailable(f"Image store {url}: {scheme} is not supported")

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """Store an image, whole or not at all. Raises StoreUnavailable, ImageMissing."""
        # Object stores remember the type for clients that read them directly; a folder cannot.
        keeps_type = not isinstance(self._store, LocalStore)
        path = path_of(key)
        with _explained(f"Writing image {key}"):
            await self._run(
                lambda: obstore.put(
                    self._store,
                    path,
                    data,
                    attributes={"Content-Type": media_type} if keeps_type else None,
                    use_multipart=False,
                )
            )

    async def get(self, key: str) -> bytes:
        """Return an image. Raises ImageMissing, StoreUnavailable."""
        path = path_of(key)
        with _explained(f"Reading image {key}", missing=key):
            return await self._run(lambda: bytes(obstore.get(self._store, path).bytes()))

    async def stream(self, key: str) -> tuple[int, AsyncIterator[bytes]]:
        """Return the size and the bytes in blocks. Raises ImageMissing, StoreUnavailable."""
        path = path_of(key)
        with _explained(f"Reading image {key}", missing=key):
            found = await self._run(lambda: obstore.get(self._store, path))
        return found.meta["size"], self._blocks(key, found)

    async def delete(self, key: str) -> None:
        """Delete an image, if it exists. Raises StoreUnavailable, ImageMissing."""
        path = path_of(key)
        with _explained(f"Deleting image {key}"), suppress(FileNotFoundError):
            await self._run(lambda: obstore.delete(self._store, path))

    async def _blocks(self, key: str, found: "GetResult") -> AsyncIterator[bytes]:
        with _explained(f"Reading image {key}"):
            blocks = found.stream(min_chunk_size=_BLOCK)
            while block := await self._run(lambda: bytes(next(blocks, b""))):
                yield block

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def path_of(key: str) -> str:
    """Spread the keys over two levels of folders. Raises ImageMissing for whatever is no key."""
    if not KEY.fullmatch(key):
        raise ImageMissing("This is no image key")
    return f"{key[:2]}/{key[2:4]}/{key}"


@contextmanager
def _explained(doing: str, *, missing: str | None = None) -> Iterator[None]:
    """Turn the library's errors into ours, keeping the sentence and leaving the debug dump."""
    try:
        yield
    except (BaseError, OSError) as error:
        if missing is not None and isinstance(error, FileNotFoundError):
            raise ImageMissing(missing) from None
        reason = str(error).partition("\n")[0]
        IMAGE_STORE.failed(f"{doing}: {reason}")
        raise StoreUnavailable(f"{doing}: {reason}") from error
    IMAGE_STORE.succeeded()
