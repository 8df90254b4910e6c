"""What an extraction of products is asked for, and the ZIP that it may come in."""

import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import structs

from saluhall.dialects.sellrapido.errors import Refusal
from saluhall.dialects.sellrapido.order_filters import MAX_SEPARATOR_LENGTH
from saluhall.dialects.sellrapido.product_fields import SHOWN
from saluhall.dialects.sellrapido.wire_products import Extraction
from saluhall.domain.products.extraction import Layout
from saluhall.kit.validation import Unreadable, plain_from_json

DEFAULT_FIELDS: Final = (
    "sku", "ean", "mpn", "brand", "asin", "catalog_category1", "catalog_category2",
    "catalog_category3", "quantity", "price1", "price_shipping1", "delivery_days", "title",
    "description", "url_image1", "url_image2", "url_image3", "url_image4",
)  # fmt: skip
_SPELLED = {"\\r": "\r", "\\n": "\n", "\\t": "\t"}
MAX_FIELDS: Final = 99  # a function of PostgreSQL takes 100 arguments
_MAX_SHOWN = 20
_LEVEL = 4  # most of the gain at a third of the time
_FIELD_SEPARATOR, _ROW_SEPARATOR = "|", "\n"


def extraction_from_query(query: Mapping[str, str]) -> Extraction:
    """Read the query of a call; what is empty counts as not given. Raises Refusal."""
    separators = ("field_separator", "row_separator")
    return _extraction({k: v for k, v in query.items() if v or k in separators})


def extraction_from_json(text: str) -> Extraction:
    """Read the `body` of a call of the older generation. Raises Refusal."""
    try:
        plain = plain_from_json((text or "{}").encode(errors="surrogatepass"))
    except Unreadable as error:
        raise Refusal("body must be a JSON object") from error
    if not isinstance(plain, dict):
        raise Refusal("body must be a JSON object")
    return _extraction(plain)


def _extraction(given: Mapping[str, Any]) -> Extraction:
    values = {}
    for field in structs.fields(Extraction):
        if field.name in given:
            try:
                values[field.name] = msgspec.convert(given[field.name], field.type, strict=False)
            except msgspec.ValidationError as error:
                message = f"Validation error: invalid format for field {field.name}"
                raise Refusal(message) from error
    return Extraction(**values)


def layout_from_extraction(wanted: Extraction) -> Layout:
    """Return how the lines are to be written. Raises Refusal."""
    separator = _separator(wanted.field_separator, _FIELD_SEPARATOR)
    end = _separator(wanted.row_separator, _ROW_SEPARATOR)
    qualifier = wanted.text_qualifier or ""
    if not separator or not end:
        raise Refusal("field_separator and row_separator must not be empty")
    if len({separator, end, qualifier}) < 3:  # noqa: PLR2004 - all three differ
        raise Refusal("field_separator, row_separator and text_qualifier must differ")
    if max(map(len, (separator, end, qualifier))) > MAX_SEPARATOR_LENGTH:
        raise Refusal(
            f"separators and qualifier must have at most {MAX_SEPARATOR_LENGTH} characters"
        )
    if any(not _is_storable(text) for text in (separator, end, qualifier)):
        raise Refusal("separators and qualifier must be UTF-8 without NUL")
    return Layout(
        columns={name: SHOWN[name] for name in _fields(wanted.fields)}, field_separator=separator, row_separator=end, qualifier=qualifier
    )  # fmt: skip


def _separator(given: str | None, default: str) -> str:
    text = default if given is None else given
    for spelled, meant in _SPELLED.items():
        text = text.replace(spelled, meant)
    return text


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _fields(given: object) -> tuple[str, ...]:
    names = given.split(",") if isinstance(given, str) else given
    fields = tuple(name.strip() for name in names or () if name.strip())  # type: ignore[attr-defined] # a list
    if unknown := [name for name in fields if name not in SHOWN]:
        raise Refusal(f"Invalid fields [{', '.join(unknown[:_MAX_SHOWN])}]")
    if len(fields) > MAX_FIELDS:
        raise Refusal(f"fields must name at most {MAX_FIELDS}")
    return fields or DEFAULT_FIELDS


class _Sink:
    """Where the ZIP is written, until it is taken from there; it cannot go back, so the sizes follow the data."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


async def zipped(blocks: AsyncIterator[bytes], *, name: str) -> AsyncGenerator[bytes, None]:
    """Pack blocks into a ZIP of one file, as they come."""
    sink = _Sink()
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive,  # type: ignore[call-overload] # it only writes
        archive.open(name, "w", force_zip64=True) as file,
    ):
        async for block in blocks:
            file.write(block)
            if packed := sink.take():
                yield packed
    yield sink.take()
