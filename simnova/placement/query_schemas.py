"""What the query of a request may hold, by version (`placement/schemas/`), and the check of one."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from simnova.jsonschemas import jsonschema
from simnova.messaging.rest import Request
from simnova.placement.errors import bad_request
from simnova.placement.schemas import worst

Version = tuple[int, int]

_TEXT = {"type": "string"}
_UUID = {"type": "string", "format": "uuid"}
_LIMIT = {
    "type": ["integer", "string"],
    "pattern": "^[1-9][0-9]*$",
    "minimum": 1,
    "minLength": 1,
}
_POLICY = {"type": "string", "enum": ["none", "isolate"]}
_PROVIDERS: dict[Version, dict[str, Any]] = {
    (1, 0): {"name": _TEXT, "uuid": _UUID},
    (1, 3): {"member_of": _TEXT},
    (1, 4): {"resources": _TEXT},
    (1, 14): {"in_tree": _UUID},
    (1, 18): {"required": _TEXT},
}
_CANDIDATES: dict[Version, dict[str, Any]] = {
    (1, 10): {"resources": _TEXT},
    (1, 16): {"limit": _LIMIT},
    (1, 17): {"required": {"type": ["string"]}},
    (1, 21): {"member_of": {"type": ["string"]}},
    (1, 25): {"group_policy": _POLICY},
    (1, 35): {"root_required": {"type": ["string"]}},
    (1, 36): {"same_subtree": {"type": ["string"]}},
}
_GROUPED = ("resources", "required", "member_of")
_HEX = "[0-9a-fA-F]"
_UUID_FORM = re.compile(f"{_HEX}{{8}}-({_HEX}{{4}}-){{3}}{_HEX}{{12}}")


def _until(steps: dict[Version, dict[str, Any]], version: Version) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for since, properties in steps.items():
        if since <= version:
            found |= properties
    return found


@cache
def _schema(what: str, version: Version) -> dict[str, Any]:
    steps = _PROVIDERS if what == "providers" else _CANDIDATES
    schema: dict[str, Any] = {"type": "object", "properties": _until(steps, version)}
    if what == "candidates" and version < (1, 25):
        schema["required"] = ["resources"]
    schema["additionalProperties"] = False
    if what == "candidates" and version >= (1, 25):
        names = [*_GROUPED, *(["in_tree"] if version >= (1, 31) else [])]
        suffix = "[a-zA-Z0-9_-]{1,64}" if version >= (1, 33) else "[1-9][0-9]*"
        schema["properties"] = {
            name: value for name, value in schema["properties"].items() if name not in _GROUPED
        }
        schema["patternProperties"] = {f"^{name}({suffix})?$": _TEXT for name in names}
    return schema


@cache
def _validator(what: str, version: Version) -> Any:
    module = jsonschema()
    checker = module.FormatChecker(())
    checker.checks("uuid")(_is_uuid)
    return module.Draft7Validator(_schema(what, version), format_checker=checker)


def _is_uuid(value: Any) -> bool:
    return not isinstance(value, str) or bool(_UUID_FORM.fullmatch(value))


@cache
def _known(what: str, version: Version) -> re.Pattern[str]:
    schema = _schema(what, version)
    patterns = [pattern.strip("^$") for pattern in schema.get("patternProperties", ())]
    return re.compile("|".join([*schema["properties"], *patterns]))


def check_query(request: Request, what: str, version: Version) -> None:
    """Raise a 400 for what a query may not hold; the last value counts where one is given several times.

    `what` is `candidates` or `providers`. A query in which all is plain is not put to the schema, which takes longer.
    """
    last = {key: values[-1] for key, values in request.query.items()}
    if _plain(what, version, last):
        return
    problem = worst(_validator(what, version), last)
    if problem is not None:
        raise bad_request(f"Invalid query string parameters: {problem}")


def _plain(what: str, version: Version, asked: dict[str, str]) -> bool:
    known = _known(what, version)
    if not all(known.fullmatch(key) for key in asked):
        return False
    if what == "candidates" and version < (1, 25) and "resources" not in asked:
        return False
    return all(form.fullmatch(asked[key]) for key, form in _FORMS.items() if key in asked)


_FORMS = {
    "limit": re.compile("[1-9][0-9]*"),
    "group_policy": re.compile("none|isolate"),
    "uuid": _UUID_FORM,
    "in_tree": _UUID_FORM,
}
