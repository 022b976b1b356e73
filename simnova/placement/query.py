"""Query parameters that ask for resources, traits and aggregates (`placement/util.py`, `placement/lib.py`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from simnova.messaging.rest import Request
from simnova.placement.errors import MISSING_VALUE, bad_request

_UUID = re.compile("[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_CANDIDATE_KEYS = re.compile(
    "limit|group_policy|root_required|same_subtree|"
    + "(resources|required|member_of|in_tree)([a-zA-Z0-9_-]{1,64})?"
)
_FORM = "Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024."


@dataclass
class Traits:
    """Traits asked for: of each set of `required` at least one, of `forbidden` none."""

    required: list[list[str]] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """All names that occur."""
        return [*(name for any_of in self.required for name in any_of), *self.forbidden]


@dataclass
class Aggregates:
    """Aggregates asked for by UUID: one of each list of `required`, none of `forbidden`."""

    required: list[list[str]] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)


@dataclass
class RequestGroup:
    """What `GET /allocation_candidates` and `GET /resource_providers` ask for."""

    resources: dict[str, int] = field(default_factory=dict)
    traits: Traits = field(default_factory=Traits)
    root_traits: Traits = field(default_factory=Traits)
    member_of: Aggregates = field(default_factory=Aggregates)
    in_tree: str | None = None
    limit: int | None = None


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


def traits(values: list[str]) -> Traits:
    """`A,!B` (A required, B forbidden) and `in:A,B` (one of them), each parameter as often as it is given."""
    found = Traits()
    for value in values:
        any_of = value.startswith("in:")
        names = [name.strip() for name in (value[3:] if any_of else value).split(",")]
        if not all(name.lstrip("!") for name in names):
            raise bad_request(
                "Invalid query string parameters: Expected 'required' parameter value of the form: "
                f"HW_CPU_X86_VMX,!CUSTOM_MAGIC. Got an empty trait in: {value}"
            )
        if any_of:
            found.required.append(names)
        else:
            found.required += [[name] for name in names if not name.startswith("!")]
            found.forbidden += [name.lstrip("!") for name in names if name.startswith("!")]
    return found


def member_of(values: list[str]) -> Aggregates:
    """`UUID`, `in:UUID,UUID` and the same with `!` in front."""
    found = Aggregates()
    for value in values:
        forbidden, rest = value.startswith("!"), value.removeprefix("!")
        if "," in rest and not rest.startswith("in:"):
            raise bad_request(
                "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword "
                f"using the valid microversion. Got: {value}"
            )
        uuids = rest.removeprefix("in:").split(",")
        for uuid in uuids:
            _check_uuid("member_of", uuid, "to contain valid UUID(s)")
        if forbidden:
            found.forbidden += uuids
        else:
            found.required.append(uuids)
    return found


def _check_uuid(name: str, value: str, wanted: str) -> str:
    if not _UUID.fullmatch(value):
        raise bad_request(
            f"Invalid query string parameters: Expected '{name}' parameter {wanted}. Got: {value}"
        )
    return value


def group(request: Request) -> RequestGroup:
    """The unnumbered group of a query."""
    query = request.query
    in_tree = request.param("in_tree")
    return RequestGroup(
        resources=resources(query["resources"][-1]) if "resources" in query else {},
        traits=traits(query.get("required", [])),
        root_traits=traits(query.get("root_required", [])),
        member_of=member_of(query.get("member_of", [])),
        in_tree=_check_uuid("in_tree", in_tree.strip(), "to be a format of uuid")
        if in_tree is not None
        else None,
    )


def candidates(request: Request) -> RequestGroup:
    """What a request for allocation candidates asks for; refuses what Placement does not know."""
    for key in request.query:
        _check_key(key)
    asked = group(request)
    if not asked.resources:
        raise bad_request(
            "There must be at least one resources or resources[$S] parameter.", MISSING_VALUE
        )
    conflicting = [
        names for names in asked.traits.required if set(names) <= set(asked.traits.forbidden)
    ]
    if conflicting:
        raise bad_request(
            "Conflicting required and forbidden traits found in the following traits keys: "
            + ", ".join(f"required: ({', '.join(sorted(names))})" for names in conflicting)
        )
    asked.limit = _limit(request.param("limit"))
    return asked


def _check_key(key: str) -> None:
    match = _CANDIDATE_KEYS.fullmatch(key)
    if match is None:
        raise bad_request(
            "Invalid query string parameters: Additional properties are not allowed "
            f"('{key}' was unexpected)"
        )
    if match[2]:
        raise bad_request(
            f"The query parameter '{key}' asks for a numbered request group, which SimNova's "
            "Placement does not offer: put everything into the unnumbered group."
        )


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch("[1-9][0-9]*", text):
        raise bad_request(
            f"Invalid query string parameters: '{text}' does not match '^[1-9][0-9]*$'"
        )
    return int(text)
