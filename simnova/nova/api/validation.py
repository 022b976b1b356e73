"""Checking a body against its schema, with Nova's words for what is wrong (`nova/api/validation/validators.py`)."""

from __future__ import annotations

import base64
import binascii
import functools
import importlib
import ipaddress
import uuid
from collections.abc import Iterable
from typing import Any

from simnova.jsonschemas import jsonschema
from simnova.nova import exception

_NAMES = {
    "name": "printable characters. Can not start or end with whitespace.",
    "az_name": "printable characters except :.Can not start or end with whitespace.",
    "name_with_leading_trailing_spaces": "printable characters with at least one non space character",
}
"""Formats of names, and what they must be."""


def validate(body: Any, schema: str) -> None:
    """Raise ValidationError where the body does not fit a schema: `servers.create` is `create` in schemas/servers.py.

    Its text names the field, its value and what is wrong.
    """
    try:
        _validator(schema).validate(body)
    except jsonschema().ValidationError as error:
        raise exception.ValidationError(detail=_detail(error)) from None


def versioned(version: tuple[int, int], table: Iterable[tuple[tuple[int, int], str]]) -> str:
    """The schema for a microversion, from a table that begins with the newest."""
    return next(schema for since, schema in table if version >= since)


@functools.cache
def _validator(schema: str) -> Any:
    checker = jsonschema().FormatChecker(formats=())
    checker.checks("name")(_is_name)
    checker.checks("az_name")(lambda value: _is_name(value) and ":" not in str(value))
    checker.checks("name_with_leading_trailing_spaces")(_is_padded_name)
    checker.checks("uuid")(_is_uuid)
    checker.checks("base64")(_is_base64)
    checker.checks("ipv4")(lambda value: _is_address(value, 4))
    checker.checks("ipv6")(lambda value: _is_address(value, 6))
    extended = jsonschema().validators.extend(
        jsonschema().Draft202012Validator,
        {"minimum": _numeric("minimum"), "maximum": _numeric("maximum")},
    )
    return extended(_schema(schema), format_checker=checker)


def _schema(name: str) -> Any:
    module, _, wanted = name.partition(".")
    return getattr(importlib.import_module(f"simnova.nova.api.schemas.{module}"), wanted)


def _numeric(keyword: str) -> Any:
    """Nova compares text that holds a number as a number."""
    compare = jsonschema().Draft202012Validator.VALIDATORS[keyword]

    def check(validator: Any, limit: Any, value: Any, schema: Any) -> Any:
        try:
            number = int(value)
        except (TypeError, ValueError):
            return None
        return compare(validator, limit, number, schema)

    return check


def _is_name(value: Any) -> bool:
    return (
        not isinstance(value, str) or not value or (value.isprintable() and value == value.strip())
    )


def _is_padded_name(value: Any) -> bool:
    return not isinstance(value, str) or (value.isprintable() and bool(value.strip()))


def _is_uuid(value: Any) -> bool:
    try:
        return not isinstance(value, str) or str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def _is_base64(value: Any) -> bool:
    """As Nova: characters that base64 does not have are passed over."""
    try:
        base64.b64decode(value.encode() if isinstance(value, str) else b"")
    except binascii.Error:
        return False
    return True


def _is_address(value: Any, version: int) -> bool:
    try:
        return ipaddress.ip_address(str(value)).version == version
    except ValueError:
        return False


def _detail(error: Any) -> str:
    wanted = _NAMES.get(str(error.validator_value)) if error.validator == "format" else None
    if wanted:
        return f"An invalid 'name' value was provided. The name must be: {wanted}"
    if error.path:
        return f"Invalid input for field/attribute {error.path[-1]}. Value: {error.instance}. {error.message}"
    return str(error.message)
