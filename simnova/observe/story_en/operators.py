"""What an operator asks of Nova's API about hosts: aggregates, zones, services; and about groups of servers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from simnova.observe.story_en.neighbours import body, fixed, listed, made, make
from simnova.observe.story_en.words import after, count, several
from simnova.observe.telling import Telling

Match = re.Match[str]
BASE = r"/v2\.1(?:/[0-9a-f]{32})?"


def aggregate_act(telling: Telling, match: Match) -> str:
    """Ask to change an aggregate."""
    asked = telling.body if isinstance(telling.body, dict) else {}
    which = f"aggregate {match[1]}"
    for action, phrase in (
        ("add_host", "to put {} into"),
        ("remove_host", "to take {} out of"),
    ):
        if isinstance(asked.get(action), dict):
            return f"asks the API {phrase.format(asked[action].get('host'))} {which}"
    metadata = body(telling, "set_metadata").get("metadata")
    said = several(f"{key}={value}" for key, value in (metadata or {}).items())
    return f"asks the API to set the metadata of {which}: {said}"


def aggregate_told(telling: Telling, match: Match) -> str:
    """An aggregate as it is now."""
    found = body(telling, "aggregate")
    hosts = found.get("hosts")
    zone = f", zone {found['availability_zone']}" if found.get("availability_zone") else ""
    has = f" has {count(len(hosts), 'host')}" if isinstance(hosts, list) else " is made"
    return f"answers{after(telling)}: aggregate {found.get('name', '')}{has}{zone}"


def service_change(telling: Telling, match: Match) -> str:
    """Ask to disable, enable or force down a compute service."""
    asked = telling.body if isinstance(telling.body, dict) else {}
    words = {"disabled": "disable", "enabled": "enable"}
    what = words.get(str(asked.get("status")), match[1] if "host" in asked else "")
    if "forced_down" in asked:
        what = (
            "force down" if str(asked["forced_down"]).lower() == "true" else "no longer force down"
        )
    why = f" ({asked['disabled_reason']})" if asked.get("disabled_reason") else ""
    return f"asks the API to {what or 'change'} a compute service{why}"


def service_told(telling: Telling, match: Match) -> str:
    """A service as it is now."""
    found = body(telling, "service")
    down = ", forced down" if found.get("forced_down") else ""
    state = found.get("status", "changed")
    return f"answers{after(telling)}: {found.get('binary')} on {found.get('host')} is {state}{down}"


def specs(telling: Telling, match: Match) -> str:
    """Ask to set extra specs of a flavor."""
    asked = telling.body if isinstance(telling.body, dict) else {}
    given = asked.get("extra_specs", asked)
    said = (
        several(f"{key}={value}" for key, value in given.items()) if isinstance(given, dict) else ""
    )
    return f"asks the API to set extra specs of a flavor: {said}"


def limits(what: str) -> Callable[[Telling, Match], str]:
    """Ask to set limits."""

    def said(telling: Telling, match: Match) -> str:
        given = several(f"{name} {limit}" for name, limit in body(telling, what).items())
        return f"asks the API to set quotas: {given}"

    return said


def _nova(what: str) -> Any:
    return fixed(f"asks the API for {what}")


ROUTES = [
    ("POST", BASE + "/os-aggregates", make("aggregate", "the API"), aggregate_told),
    ("GET", BASE + "/os-aggregates", _nova("its aggregates"), listed("aggregates", "aggregate")),
    ("GET", BASE + "/os-aggregates/([^/]+)", _nova("an aggregate"), aggregate_told),
    (
        "PUT",
        BASE + "/os-aggregates/([^/]+)",
        fixed("asks the API to change an aggregate"),
        aggregate_told,
    ),
    (
        "DELETE",
        BASE + "/os-aggregates/([^/]+)",
        fixed("asks the API to delete an aggregate"),
        fixed("has deleted it"),
    ),
    ("POST", BASE + "/os-aggregates/([^/]+)/action", aggregate_act, aggregate_told),
    (
        "GET",
        BASE + "/os-availability-zone(?:/detail)?",
        _nova("its availability zones"),
        fixed("answers with them"),
    ),
    ("GET", BASE + "/os-services", _nova("its services"), listed("services", "service")),
    ("PUT", BASE + "/os-services/([^/]+)", service_change, service_told),
    (
        "GET",
        BASE + "/os-hypervisors(?:/detail)?",
        _nova("its hypervisors"),
        listed("hypervisors", "hypervisor"),
    ),
    ("POST", BASE + "/os-server-groups", make("server_group", "the API"), made("server_group")),
    (
        "GET",
        BASE + "/os-server-groups",
        _nova("its server groups"),
        listed("server_groups", "server group"),
    ),
    ("GET", BASE + "/os-server-groups/([^/]+)", _nova("a server group"), fixed("answers with it")),
    (
        "DELETE",
        BASE + "/os-server-groups/([^/]+)",
        fixed("asks the API to delete a server group"),
        fixed("has deleted it"),
    ),
    ("POST", BASE + "/os-keypairs", make("keypair", "the API"), made("keypair")),
    ("GET", BASE + "/os-keypairs", _nova("key pairs"), listed("keypairs", "key pair")),
    ("GET", BASE + "/os-keypairs/([^/]+)", _nova("a key pair"), fixed("answers with it")),
    (
        "DELETE",
        BASE + "/os-keypairs/([^/]+)",
        fixed("asks the API to delete a key pair"),
        fixed("has deleted it"),
    ),
    (
        "GET",
        BASE + "/os-quota-sets/([^/]+)(?:/detail|/defaults)?",
        _nova("the quotas of a project"),
        fixed("answers with them"),
    ),
    ("PUT", BASE + "/os-quota-sets/([^/]+)", limits("quota_set"), fixed("has set them")),
    (
        "DELETE",
        BASE + "/os-quota-sets/([^/]+)",
        fixed("asks the API to forget the quotas of a project"),
        fixed("has forgotten them"),
    ),
    (
        "GET",
        BASE + "/os-quota-class-sets/([^/]+)",
        _nova("the quotas of a class"),
        fixed("answers with them"),
    ),
    (
        "PUT",
        BASE + "/os-quota-class-sets/([^/]+)",
        limits("quota_class_set"),
        fixed("has set them"),
    ),
    ("GET", BASE + "/limits", _nova("its limits"), fixed("answers with them")),
    ("POST", BASE + "/flavors/([^/]+)/os-extra_specs", specs, fixed("has set them")),
    ("PUT", BASE + "/flavors/([^/]+)/os-extra_specs/([^/]+)", specs, fixed("has set it")),
    (
        "DELETE",
        BASE + "/flavors/([^/]+)/os-extra_specs/([^/]+)",
        fixed("asks the API to remove an extra spec of a flavor"),
        fixed("has removed it"),
    ),
    (
        "GET",
        BASE + "/flavors/([^/]+)/os-extra_specs(?:/[^/]+)?",
        _nova("extra specs of a flavor"),
        fixed("answers with them"),
    ),
]
"""Method, path, what the client does, what the API does."""
