"""Query parameters that ask for resources, traits and aggregates (`placement/util.py`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from simnova.messaging.rest import Request
from simnova.placement.errors import bad_request
from simnova.placement.query_schemas import Version, check_query

_UUID = re.compile("[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_INVALID = "Invalid query string parameters: "
_FORM = "Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024."


@dataclass
class Traits:
    """Traits asked for: of each set of `required` at least one, of `forbidden` none."""

    required: list[list[str]] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)


@dataclass
class Aggregates:
    """Aggregates asked for by UUID: one of each list of `required`, none of `forbidden`."""

    required: list[list[str]] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)


@dataclass
class RequestGroup:
    """What one provider must have; without a suffix it may be several of a tree, or ones that share."""

    resources: dict[str, int] = field(default_factory=dict)
    traits: Traits = field(default_factory=Traits)
    member_of: Aggregates = field(default_factory=Aggregates)
    in_tree: str | None = None


def resources(text: str) -> dict[str, int]:
    """`VCPU:1,MEMORY_MB:512` as amounts by resource class, in that order."""
    if not text.strip():
        raise bad_request(f"Badly formed resources parameter. {_FORM} Got: empty string.")
    found: dict[str, int] = {}
    for item in text.split(","):
        name, colon, amount = item.partition(":")
        if not colon or ":" in amount:
            raise bad_request(f"Badly formed resources parameter. {_FORM} Got: {item}.")
        found[name] = _amount(name, amount)
    return found


def _amount(name: str, text: str) -> int:
    try:
        amount = int(text)
    except ValueError:
        raise bad_request(
            f"Requested resource {name} expected positive integer amount. Got: {text}."
        ) from None
    if amount < 1:
        raise bad_request(f"Requested resource {name} requires amount >= 1. Got: {amount}.")
    return amount


def traits(values: list[str], version: Version) -> Traits:
    """The values of `required`: `A`, `!A` from version 1.22 on, `in:A,B` and several of them from 1.39 on."""
    found = Traits()
    for value in values if version >= (1, 39) else values[-1:]:
        if value.startswith("in:"):
            found.required.append(_any_trait(value, version))
        else:
            _every_trait(found, value, may_forbid=version >= (1, 22))
    return found


def _any_trait(value: str, version: Version) -> list[str]:
    example = "in:HW_CPU_X86_VMX,CUSTOM_MAGIC"
    if version < (1, 39):
        raise bad_request(
            f"{_INVALID}The format '{example}' only supported since microversion 1.39. Got: {value}"
        )
    names = [name.strip() for name in value[3:].split(",")]
    if not all(names):
        raise bad_request(
            f"{_INVALID}Expected 'required' parameter value of the form: {example}. "
            f"Got an empty trait in: {value}"
        )
    if any(name.startswith("!") for name in names):
        raise bad_request(
            f"{_INVALID}The format '{example}' does not support forbidden traits. Got: {value}"
        )
    return list(dict.fromkeys(names))


def _every_trait(found: Traits, value: str, *, may_forbid: bool) -> None:
    form = "HW_CPU_X86_VMX,!CUSTOM_MAGIC" if may_forbid else "HW_CPU_X86_VMX,CUSTOM_MAGIC"
    expected = f"{_INVALID}Expected 'required' parameter value of the form: {form}. "
    names = [name.strip() for name in value.split(",")]
    if not all(name.lstrip("!") for name in names):
        raise bad_request(f"{expected}Got an empty trait in: {value}")
    forbidden = [name.lstrip("!") for name in names if name.startswith("!")]
    if forbidden and not may_forbid:
        raise bad_request(f"{expected}Got: {value}")
    found.required += [[name] for name in names if not name.startswith("!")]
    found.forbidden += [name for name in forbidden if name not in found.forbidden]


def member_of(request: Request, version: Version, suffix: str = "") -> Aggregates:
    """The values of `member_of`: a UUID, `in:UUID,UUID`, and both with `!` in front from version 1.32 on."""
    values = request.query.get(f"member_of{suffix}", [])
    if version < (1, 24) and len(values) > 1:
        raise bad_request(f"Multiple member_of{suffix} parameters are not supported")
    found = Aggregates()
    for value in values:
        uuids = _aggregate_uuids(value)
        if not value.startswith("!"):
            found.required.append(uuids)
        elif version >= (1, 32):
            found.forbidden += uuids
        else:
            raise bad_request(
                f"Forbidden member_of{suffix} parameters are not supported in the specified "
                "microversion"
            )
    return found


def _aggregate_uuids(value: str) -> list[str]:
    rest = value.removeprefix("!")
    if "," in rest and not rest.startswith("in:"):
        raise bad_request(
            "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword "
            f"using the valid microversion. Got: {value}"
        )
    uuids = rest.removeprefix("in:").split(",")
    for uuid in uuids:
        if not _UUID.fullmatch(uuid):
            raise bad_request(
                f"{_INVALID}Expected 'member_of' parameter to contain valid UUID(s). Got: {uuid}"
            )
    return uuids


def in_tree(value: str) -> str:
    """The UUID of a provider in whose tree all must be."""
    if not _UUID.fullmatch(value.strip()):
        raise bad_request(
            f"{_INVALID}Expected 'in_tree' parameter to be a format of uuid. Got: {value}"
        )
    return value.strip()


def group(request: Request, version: Version, suffix: str = "") -> RequestGroup:
    """The parameters that end in that suffix."""
    query = request.query
    tree = request.param(f"in_tree{suffix}")
    return RequestGroup(
        resources(query[f"resources{suffix}"][-1]) if f"resources{suffix}" in query else {},
        traits(query.get(f"required{suffix}", []), version),
        member_of(request, version, suffix),
        None if tree is None else in_tree(tree),
    )


def providers(request: Request, version: Version) -> RequestGroup:
    """What `GET /resource_providers` asks for, beside a name and a UUID."""
    check_query(request, "providers", version)
    return group(request, version)
