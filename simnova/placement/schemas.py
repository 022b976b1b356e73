"""What Placement's request bodies must look like (`placement/schemas/`), and the check of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from simnova.jsonschemas import compiled, jsonschema
from simnova.messaging.rest import Request
from simnova.placement.errors import bad_request

_UUID = "^[0-9a-fA-F-]{36}$"
_NAME = "^[A-Z0-9_]+$"
_CUSTOM = "^CUSTOM_[A-Z0-9_]+$"
_MAX_INT = 2147483647
_uuid = {"type": "string", "format": "uuid", "pattern": _UUID}
_short = {"type": "string", "minLength": 1, "maxLength": 255}
_generation = {"type": "integer"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _map(pattern: str, schema: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": least,
        "patternProperties": {pattern: schema},
        "additionalProperties": False,
    }


def _amount(minimum: int) -> dict[str, Any]:
    return {"type": "integer", "maximum": _MAX_INT, "minimum": minimum}


_INVENTORY = {
    "resource_provider_generation": _generation,
    "total": _amount(1),
    "reserved": _amount(0),
    "min_unit": _amount(1),
    "max_unit": _amount(1),
    "step_size": _amount(1),
    "allocation_ratio": {"type": "number", "maximum": 3.40282e38},
}
_RESOURCES = _map(_NAME, {"type": "integer", "minimum": 1}, least=1)
_ALLOCATIONS = _map(_UUID, _object(["resources"], generation=_generation, resources=_RESOURCES))
_PARENT = {"anyOf": [_uuid, {"type": "null"}]}
_NAME_200 = {"type": "string", "maxLength": 200}
_TRAITS = {"type": "array", "items": _short}
_AGGREGATES = {"type": "array", "items": _uuid, "uniqueItems": True}


def _consumer(version: tuple[int, int]) -> dict[str, Any]:
    required = ["allocations", "project_id", "user_id"]
    properties: dict[str, Any] = {
        "allocations": _ALLOCATIONS,
        "project_id": _short,
        "user_id": _short,
    }
    if version >= (1, 28):
        required.append("consumer_generation")
        properties["consumer_generation"] = {"type": ["integer", "null"]}
    if version >= (1, 34):
        properties["mappings"] = {"type": "object", "minProperties": 1}
    if version >= (1, 38):
        required.append("consumer_type")
        properties["consumer_type"] = {**_short, "pattern": _NAME}
    return _object(required, **properties)


def _schema(name: str, version: tuple[int, int]) -> dict[str, Any]:
    if name == "allocations":
        return _consumer(version)
    if name == "allocations of many":
        return _map(_UUID, _consumer(version), least=1)
    return _FIXED[name]


_FIXED = {
    "new provider": _object(["name"], name=_NAME_200, uuid=_uuid, parent_provider_uuid=_PARENT),
    "provider": _object(["name"], name=_NAME_200, parent_provider_uuid=_PARENT),
    "inventory": _object(["total", "resource_provider_generation"], **_INVENTORY),
    "new inventory": _object(
        ["total", "resource_class"],
        **_INVENTORY,
        resource_class={"type": "string", "pattern": _NAME},
    ),
    "inventories": _object(
        ["resource_provider_generation", "inventories"],
        resource_provider_generation=_generation,
        inventories=_map(_NAME, _object(["total"], **_INVENTORY)),
    ),
    "traits": _object(
        ["traits", "resource_provider_generation"],
        traits=_TRAITS,
        resource_provider_generation=_generation,
    ),
    "aggregates": _object(
        ["aggregates", "resource_provider_generation"],
        aggregates=_AGGREGATES,
        resource_provider_generation=_generation,
    ),
    "old aggregates": _AGGREGATES,
    "custom name": {**_short, "pattern": _CUSTOM},
    "resource class": _object(["name"], name={**_short, "pattern": _CUSTOM}),
}


@cache
def _validator(name: str, version: tuple[int, int]) -> Any:
    return jsonschema().Draft7Validator(_schema(name, version))


@cache
def _quick(name: str, version: tuple[int, int]) -> Callable[[Any], bool]:
    return compiled(_schema(name, version))


def _shape(name: str, version: tuple[int, int]) -> tuple[int, int]:
    """The version at which this schema last changed: few validators serve all versions."""
    if not name.startswith("allocations"):
        return (1, 0)
    return max(step for step in ((1, 0), (1, 28), (1, 34), (1, 38)) if step <= version)


def is_valid(name: str, value: Any) -> bool:
    """Whether a value satisfies a schema."""
    return _quick(name, (1, 0))(value)


def extract(request: Request, name: str, version: tuple[int, int] = (1, 39)) -> Any:
    """The body of a request; raises a 400 where it is not JSON or not of that schema."""
    try:
        body = request.body
    except ValueError as error:
        raise bad_request(f"Malformed JSON: {error}") from None
    shape = _shape(name, version)
    if _quick(name, shape)(body):
        return body
    problem = worst(_validator(name, shape), body)
    if problem is not None:
        raise bad_request(f"JSON does not validate: {problem}")
    return body


def worst(validator: Any, value: Any) -> str | None:
    """What a validator has to say of a value, in one line, None where nothing is wrong."""
    problem = jsonschema().exceptions.best_match(validator.iter_errors(value))
    return None if problem is None else str(problem).replace("\n", " ")


INVENTORY_DEFAULTS: Mapping[str, Any] = {
    "reserved": 0,
    "min_unit": 1,
    "max_unit": _MAX_INT,
    "step_size": 1,
    "allocation_ratio": 1.0,
}
