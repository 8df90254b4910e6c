"""Read images for Tradera, which takes their bytes."""

import hashlib
from collections.abc import Sequence

from msgspec import structs

from saluhall.channel import Offer, ProductImage, Rejected
from saluhall.channels.tradera.settings import IMAGE_FORMATS, MAX_IMAGE_BYTES, MEGA_IMAGES
from saluhall.channels.tradera.wire import ShopItemData, ShopItemImage

_DIGEST_LETTERS = 16


async def bytes_of(image: ProductImage, number: int) -> bytes:
    """Read one image. Raises Rejected when it is larger than Tradera takes."""
    data = await image.read()
    if len(data) > MAX_IMAGE_BYTES:
        raise Rejected(f"Tradera takes images up to 4 MB; image {number} has {len(data)} bytes")
    return data


async def with_images(data: ShopItemData, offer: Offer) -> ShopItemData:
    """Put the offer's images into a shop item. Raises Rejected."""
    images = [
        ShopItemImage(
            data=await bytes_of(image, number),
            format=IMAGE_FORMATS[image.media_type],
            hasMega=MEGA_IMAGES,
        )
        for number, image in enumerate(offer.product.images, 1)
    ]
    return structs.replace(data, itemImages=images)


def reference_of_images(images: Sequence[ProductImage]) -> str:
    """Return a reference for these images and no others: Tradera keeps it beside our key and returns it."""
    keys = "\n".join(image.key for image in images)
    return f"images:{hashlib.sha256(keys.encode()).hexdigest()[:_DIGEST_LETTERS]}"
