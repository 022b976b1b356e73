"""Placement's refusals, and the JSON in which it words them (`placement/errors.py`, `placement/util.py`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault

UNDEFINED = "placement.undefined_code"
CONCURRENT_UPDATE = "placement.concurrent_update"
DUPLICATE_NAME = "placement.duplicate_name"
INVENTORY_INUSE = "placement.inventory.inuse"
PROVIDER_IN_USE = "placement.resource_provider.inuse"
CANNOT_DELETE_PARENT = "placement.resource_provider.cannot_delete_parent"
BAD_VALUE = "placement.query.bad_value"
MISSING_VALUE = "placement.query.missing_value"
ILLEGAL_DUPLICATE = "placement.query.duplicate_key"

_TITLES = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    500: "Internal Server Error",
}
_EXPLANATIONS = {
    400: "The server could not comply with the request since it is either malformed or otherwise "
    "incorrect.",
    404: "The resource could not be found.",
    405: "The method %(method)s is not allowed for this resource. ",
    406: "The resource could not be generated that was acceptable to your browser (content of type "
    "application/json. ",
    409: "There was a conflict when trying to complete your request.",
    500: "The server has either erred or is incapable of performing the requested operation.",
}


def bad_request(message: str, code: str = UNDEFINED) -> Fault:
    """The request makes no sense: 400."""
    return Fault(400, message, code=code)


def not_found(message: str) -> Fault:
    """What the request names does not exist: 404."""
    return Fault(404, message, code=UNDEFINED)


def conflict(message: str, code: str = UNDEFINED) -> Fault:
    """The request does not fit the present state: 409."""
    return Fault(409, message, code=code)


class NotFound(Exception):
    """Something named does not exist; the handler decides whether that is a 400 or a 404."""


class InvalidInventory(Exception):
    """An allocation does not fit the inventory, or there is none."""


def missing_inventory(resource_class: str, provider: str) -> InvalidInventory:
    """The provider has no inventory of that class."""
    return InvalidInventory(
        f"Inventory for '{resource_class}' on resource provider '{provider}' invalid."
    )


def constraints_violated(resource_class: str, provider: str) -> InvalidInventory:
    """The amount is below min_unit, above max_unit or no multiple of step_size."""
    return InvalidInventory(
        f"Unable to create allocation for '{resource_class}' on resource provider '{provider}'. "
        "The requested amount would violate inventory constraints."
    )


def capacity_exceeded(resource_class: str, provider: str) -> InvalidInventory:
    """There is not that much left."""
    return InvalidInventory(
        f"Unable to create allocation for '{resource_class}' on resource provider '{provider}'. "
        "The requested amount would exceed the capacity."
    )


def body(fault: Fault, method: str, version: tuple[int, int], request_id: str) -> dict[str, Any]:
    """The error as JSON: the HTTP explanation, the detail, and from version 1.23 on the code."""
    explanation = _EXPLANATIONS.get(fault.status, "") % {"method": method}
    error: dict[str, Any] = {
        "status": fault.status,
        "title": _TITLES.get(fault.status, "Error"),
        "detail": f"{explanation}\n\n {fault.message}  ",
    }
    if version >= (1, 23):
        error["code"] = fault.more.get("code", UNDEFINED)
    error["request_id"] = request_id
    if fault.status == 406:
        error |= {"max_version": "1.39", "min_version": "1.0"}
    return {"errors": [error]}
