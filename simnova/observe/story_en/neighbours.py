"""What is asked of Keystone, Glance and Neutron, and what they answer."""

from __future__ import annotations

import re
from typing import Any

from simnova.observe.story_en.words import after, count, named, server, several, who
from simnova.observe.telling import Telling, query

Match = re.Match[str]


def body(telling: Telling, name: str) -> dict[str, Any]:
    """The object of that name in a body; empty where there is none."""
    found = telling.body.get(name) if isinstance(telling.body, dict) else None
    return found if isinstance(found, dict) else {}


def items(telling: Telling, name: str) -> list[Any]:
    """The list of that name in a body."""
    found = telling.body.get(name) if isinstance(telling.body, dict) else None
    return found if isinstance(found, list) else []


def fixed(text: str) -> Any:
    """A phrase that is always the same."""
    return lambda telling, match: text


def identity(telling: Telling, match: Match) -> str:
    """Ask Keystone for a token."""
    password = (body(telling, "auth").get("identity") or {}).get("password") or {}
    user = (password.get("user") or {}).get("name")
    return f"asks Keystone for a token{f' as {user}' if user else ''}"


def token(telling: Telling, match: Match) -> str:
    """Keystone tells whose token it is."""
    found = body(telling, "token")
    user = (found.get("user") or {}).get("name")
    project = (found.get("project") or {}).get("name")
    whose = f" of {user} in project {project}" if user and project else ""
    return f"answers {who(str(telling.data['to']))}: a valid token{whose}"


def image(telling: Telling, match: Match) -> str:
    """Ask for an image's description."""
    return f"asks Glance for image {named(telling, match[1])}"


def image_told(telling: Telling, match: Match) -> str:
    """An image's description."""
    found = telling.body if isinstance(telling.body, dict) else {}
    size = f", {found['size'] / 2**20:.0f} MiB" if isinstance(found.get("size"), int) else ""
    needs = f", needs a disk of {found['min_disk']} GiB" if found.get("min_disk") else ""
    kind = f"{found.get('disk_format')}, {found.get('status')}{size}{needs}"
    return f"describes image {named(telling, match[1])}" + (f": {kind}" if found else "")


def download(telling: Telling, match: Match) -> str:
    """Ask for an image's bytes."""
    return f"downloads image {named(telling, match[1])} from Glance"


def downloaded(telling: Telling, match: Match) -> str:
    """An image's bytes."""
    return f"delivers image {named(telling, match[1])}{after(telling)}"


_PLAIN = ("fields", "limit")
_NARROWED = {
    "tenant_id": " of the project",
    "project_id": " of the project",
    "device_id": " of server {name}",
    "network_id": " on network {name}",
    "device_owner": " owned by {name}",
    "id": " {name}",
    "name": " named {name}",
}


def narrowed(telling: Telling, name: str, given: str) -> str:
    """One parameter of a list request."""
    if name == "fixed_ips":
        return f" with the address {given.partition('=')[2]}"
    if name == "shared":
        return " that are shared" if given == "True" else ""
    names = several(named(telling, one) for one in given.split(","))
    return _NARROWED.get(name, f" with {name} {{name}}").format(name=names)


def listing(what: str) -> Any:
    """Ask Neutron for a list, with what it is narrowed to."""

    def ask(telling: Telling, match: Match) -> str:
        given = {name: text for name, text in query(telling.data).items() if name not in _PLAIN}
        if "device_id" in given:
            given.pop("tenant_id", None)
        return f"asks Neutron for {what}" + "".join(
            narrowed(telling, *one) for one in given.items()
        )

    return ask


def listed(name: str, thing: str) -> Any:
    """Neutron's list."""

    def answer(telling: Telling, match: Match) -> str:
        found = items(telling, name)
        label = [
            one.get("name") or str(one.get("id", ""))[:8] for one in found if isinstance(one, dict)
        ]
        return f"answers: {count(len(found), thing)}" + (
            f": {several(label)}" if any(label) else ""
        )

    return answer


def one(telling: Telling, match: Match) -> str:
    """Ask for one thing by its id."""
    return f"asks Neutron for {match[1]} {named(telling, match[2])}"


def one_told(telling: Telling, match: Match) -> str:
    """One thing."""
    found = body(telling, match[1])
    mtu = f", MTU {found['mtu']}" if found.get("mtu") else ""
    cidr = f", {found['cidr']}" if found.get("cidr") else ""
    return f"describes {match[1]} {named(telling, match[2])}{mtu}{cidr}"


def new_port(telling: Telling, match: Match) -> str:
    """Ask for a port."""
    found = body(telling, "port")
    where = f" on network {named(telling, found['network_id'])}" if found.get("network_id") else ""
    whose = f" for {server(telling, found['device_id'])}" if found.get("device_id") else ""
    return f"asks Neutron to make a port{where}{whose}"


def bind_port(telling: Telling, match: Match) -> str:
    """Change a port: bind it to a host, give it to a server."""
    found = body(telling, "port")
    host = found.get("binding:host_id")
    whose = f" for {server(telling, found['device_id'])}" if found.get("device_id") else ""
    what = f"binds port {match[1][:8]} to {host}" if host else f"changes port {match[1][:8]}"
    return f"{what}{whose} at Neutron"


def port_told(telling: Telling, match: Match) -> str:
    """A port with its addresses."""
    found = body(telling, "port")
    ips = [one.get("ip_address") for one in found.get("fixed_ips") or () if isinstance(one, dict)]
    address = f": address {several(ips)}, MAC {found.get('mac_address')}" if ips else ""
    host = found.get("binding:host_id")
    bound = f", bound to {host}" if host else ""
    return f"answers with port {str(found.get('id', ''))[:8]}{address}{bound}"


def quota_told(telling: Telling, match: Match) -> str:
    """How many more ports a project may have."""
    port = body(telling, "quota").get("port")
    if isinstance(port, dict):
        return f"answers: {port.get('used')} of {port.get('limit')} ports are used"
    return f"answers with the quota{f': {port} ports' if port is not None else ''}"


def port(done: str) -> Any:
    """Something done to the port that a path names."""
    return lambda telling, match: f"{done} port {match[1][:8]}"


def make(thing: str, to: str) -> Any:
    """Ask for something new."""

    def ask(telling: Telling, match: Match) -> str:
        found = telling.body if isinstance(telling.body, dict) else {}
        inner = found.get(thing) if isinstance(found.get(thing), dict) else found
        return f"asks {to} to make {thing} {(inner or {}).get('name', '')}".rstrip()

    return ask


def made(thing: str) -> Any:
    """It is made."""

    def answer(telling: Telling, match: Match) -> str:
        found = telling.body if isinstance(telling.body, dict) else {}
        inner = found.get(thing) if isinstance(found.get(thing), dict) else found
        return f"has made {thing} {(inner or {}).get('name', '')}".rstrip()

    return answer


def upload(telling: Telling, match: Match) -> str:
    """Send an image's bytes."""
    return f"uploads the bytes of image {named(telling, match[1])} to Glance"


KEYSTONE = [
    ("POST", "/v3/auth/tokens", identity, token),
    ("GET", "/v3/auth/tokens", fixed("asks Keystone whether the token is good"), token),
    ("GET", r"/v3/projects/([^/]+)", fixed("asks Keystone for the project"), fixed("knows the project")),
]  # fmt: skip
GLANCE = [
    ("GET", r"/v2/images/([^/]+)", image, image_told),
    ("GET", r"/v2/images/([^/]+)/file", download, downloaded),
    ("PUT", r"/v2/images/([^/]+)/file", upload, fixed("has stored the image")),
    ("POST", "/v2/images", make("image", "Glance"), made("image")),
    ("GET", "/v2/images", fixed("asks Glance for its images"), listed("images", "image")),
]
NEUTRON = [
    ("GET", "/v2.0/networks", listing("networks"), listed("networks", "network")),
    ("GET", "/v2.0/subnets", listing("subnets"), listed("subnets", "subnet")),
    ("GET", "/v2.0/ports", listing("ports"), listed("ports", "port")),
    ("GET", "/v2.0/security-groups", listing("security groups"), listed("security_groups", "group")),
    ("GET", "/v2.0/floatingips", listing("floating addresses"), listed("floatingips", "address")),
    ("GET", "/v2.0/extensions", fixed("asks Neutron for its extensions"), listed("extensions", "extension")),
    ("GET", r"/v2.0/quotas/([^/]+)(?:/details)?", fixed("asks Neutron for the quota of ports"), quota_told),
    ("GET", r"/v2.0/(network|subnet)s/([^/]+)", one, one_told),
    ("GET", r"/v2.0/ports/([^/]+)", port("asks Neutron for"), port_told),
    ("POST", "/v2.0/networks", make("network", "Neutron"), made("network")),
    ("POST", "/v2.0/subnets", make("subnet", "Neutron"), made("subnet")),
    ("POST", "/v2.0/ports", new_port, port_told),
    ("PUT", r"/v2.0/ports/([^/]+)", bind_port, port_told),
    ("DELETE", r"/v2.0/ports/([^/]+)", port("asks Neutron to delete"), port("has deleted")),
]  # fmt: skip
"""Method, path, what the client does, what the service does."""
