"""The neutral attributes of a product by the names that Rheo's domains have for them; the domain itself stays with Rheo."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_NAMES: Final[Mapping[str, str]] = {
    "vehicle.manufacturer": "fits_make",
    "vehicle.model": "fits",
    "vehicle.year": "fits_year",
    "vehicle.vehicleType": "vehicle_type",
    "part.name": "part_name",
    "part.oemNumber": "part_number",
    "part.catalogCodes": "catalog_codes",
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
_NEW_GRADE: Final = "A*"


def attributes_from_domain(domain: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a domain in its normal form; what a part fits becomes a list of models."""
    attributes = {_NAMES[path]: value for path, value in _paths(domain) if path in _NAMES}
    if "fits" in attributes:
        attributes["fits"] = attributes["fits"].split(", ")
    return attributes


def condition_from_domain(domain: Mapping[str, Any]) -> str:
    """Say new or used by the grade; without one nothing is known."""
    grade = str(domain.get("conditionGrade") or "").strip()
    return "new" if grade == _NEW_GRADE else "used" if grade else ""


def _paths(domain: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in domain.items():
        if name in {"vehicle", "part"}:
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield name, value
