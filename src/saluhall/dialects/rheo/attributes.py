"""The neutral attributes of a product by the names that Rheo's domains have for them; the domain itself stays with Rheo."""

from collections.abc import Mapping
from typing import Any, Final

_NAMES: Final[Mapping[str, str]] = {
    "conditionGrade": "condition_grade",
    "conditionNote": "condition_note",
    "registrationPlate": "registration_plate",
    "make": "make",
    "model": "model",
    "year": "year",
    "mileageKm": "mileage_km",
    "fuelType": "fuel",
    "color": "color",
    "serialNumber": "serial_number",
    "memoryGb": "memory_gb",
    "batteryHealthPercentage": "battery_health_percent",
    "size": "size",
    "material": "material",
    "gender": "gender",
    "isbn": "isbn",
    "author": "author",
    "publisher": "publisher",
    "language": "language",
    "brand": "brand",
    "modelReference": "model_reference",
    "movementType": "movement",
    "caseSizeMm": "case_size_mm",
}
_INNER: Final[Mapping[str, Mapping[str, str]]] = {
    "vehicle": {
        "manufacturer": "fits_make",
        "model": "fits",
        "year": "fits_year",
        "vehicleType": "vehicle_type",
    },
    "part": {"name": "part_name", "oemNumber": "part_number", "catalogCodes": "catalog_codes"},
}
_NEW_GRADE: Final = "A*"


def attributes_from_domain(domain: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a domain in its normal form; what a part fits becomes a list of models."""
    attributes = {_NAMES[name]: value for name, value in domain.items() if name in _NAMES}
    for name, names in _INNER.items():
        for inner, value in domain.get(name, {}).items():
            attributes[names[inner]] = value
    if "fits" in attributes:
        attributes["fits"] = attributes["fits"].split(", ")
    return attributes


def condition_from_domain(domain: Mapping[str, Any]) -> str:
    """Say new or used by the grade; without one nothing is known."""
    grade = str(domain.get("conditionGrade") or "").strip()
    return "new" if grade == _NEW_GRADE else "used" if grade else ""
