"""What the demo sells: the part of the published sample, two more, and images with the place in their metadata."""

import os
from typing import Any

import pyvips

SAMPLE = "ERP_PART_12345"
SLASHED = "DONOR/118 left door"
THIRD = "ERP_PART_12347"
UNITS = "BULB-H7"
# The place where a phone says it took the image: what must not reach the marketplace.
_PLACE = {
    "exif-ifd3-GPSLatitudeRef": "N (N, ASCII, 2 components, 2 bytes)",
    "exif-ifd3-GPSLatitude": "59/1 19/1 46/1 (59, 19, 46, Rational, 3 components, 24 bytes)",
    "exif-ifd3-GPSLongitudeRef": "E (E, ASCII, 2 components, 2 bytes)",
    "exif-ifd3-GPSLongitude": "18/1 4/1 7/1 (18, 4, 7, Rational, 3 components, 24 bytes)",
}


def sample_part(image_url: str) -> dict[str, Any]:
    """Write the body of the published sample."""
    return {
        "title": "Volvo XC90 bromsok fram vänster",
        "description": "Begagnat original.",
        "price": 950,
        "shippingCost": 149,
        "weightKg": 3.2,
        "currency": "SEK",
        "imageUrls": [image_url],
        "domain": {
            "domain": "automotive_part",
            "oemCode": "31400452",
            "manufacturer": "Volvo",
            "compatibleModels": ["XC90"],
            "donorVehicleYear": 2018,
            "conditionGrade": "B",
        },
        "autoPublishTradera": True,
        "useAiEnhancement": False,
    }


def other_part(title: str, price: int, image_url: str) -> dict[str, Any]:
    """Write the body of another part."""
    return {
        "title": title,
        "price": price,
        "shippingCost": 99,
        "weightKg": 12.5,
        "images": [image_url],
        "domain": {"domain": "auto_parts", "part": {"name": title}, "conditionGrade": "A"},
        "autoPublishTradera": True,
    }


def part_with_units(quantity: int, image_url: str) -> dict[str, Any]:
    """Write a product with several units, as a client of Sellrapido does."""
    return {
        "sku": UNITS,
        "title": "Halogenlampa H7 12V 55W",
        "price1": 79,
        "quantity": quantity,
        "url_image1": image_url,
    }


def bad_part() -> dict[str, Any]:
    """Write a body that breaks the contract twice."""
    return {"title": "Bromsok", "price": 0.5, "imageUrls": ["http://images.example.com/a.jpg"]}


def photograph() -> bytes:
    """Take an image, no two alike, with the place in its EXIF."""
    red, green, blue = os.urandom(3)
    slope = pyvips.Image.xyz(800, 600).extract_band(0) / 800
    image = (slope.bandjoin([slope, slope]) * [red, green, blue]).cast("uchar")
    image = image.copy(interpretation="srgb")
    for field, value in _PLACE.items():
        image.set_type(pyvips.GValue.gstr_type, field, value)
    return bytes(image.jpegsave_buffer(Q=85))


def places_in(image: bytes) -> list[str]:
    """List the EXIF fields of an image that contain a place."""
    fields = pyvips.Image.new_from_buffer(image, "").get_fields()
    return sorted(field for field in fields if "GPS" in field)
