"""Requests about servers as a learner's calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from simnova.cloud.code.making import python
from simnova.cloud.operations import OPERATIONS

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud


def boot(cloud: Cloud, args: Mapping[str, Any]) -> Iterator[str]:
    """`cloud.boot(…)` from the body of a request for servers."""
    body = dict(args["body"])
    told = dict(body.pop("server"))
    name, hints = told.pop("name"), body.get("os:scheduler_hints")
    own = wanted(cloud, told) | ({"hints": hints} if hints else {})
    own |= {"user": args["user"]} if "user" in args else {}
    zone = str(told.pop("availability_zone", ""))
    forced = zone.removeprefix("nova:").strip(":")
    for where in ({"host": forced}, {"availability_zone": zone}, {}):
        all_ = {**own, **told, **(where if zone else {})}
        yield f"cloud.boot({python(name)}{''.join(f', {one}={python(value)}' for one, value in all_.items())})"


def wanted(cloud: Cloud, told: dict[str, Any]) -> dict[str, Any]:
    """Flavor, image, network and count of a body, from which they are taken out."""
    flavor = named(cloud.flavors.rows(), told.pop("flavorRef", None))
    image = named(cloud.images.rows(), told.pop("imageRef", None))
    networks, count = told.pop("networks", "auto"), told.pop("min_count", 1)
    told.pop("max_count", None)
    told.pop("return_reservation_id", None)
    given = {
        "flavor": (flavor, "m1.small"),
        "image": (image, "cirros"),
        "network": (network(cloud, networks), None),
        "count": (count, 1),
    }
    return {one: value for one, (value, usual) in given.items() if value != usual}


def network(cloud: Cloud, networks: Any) -> Any:
    """The name of the one network of a body; None where Neutron is to choose."""
    if networks == "auto":
        return None
    return named(cloud.networks.rows(), networks[0].get("uuid"))


def named(rows: list[dict[str, Any]], one: Any) -> Any:
    """The name of what has that id; the id itself where nothing has it."""
    return next((row["name"] for row in rows if row["id"] == one), one)


def action(cloud: Cloud, server: str, body: Any) -> Iterator[str]:
    """A method of a server that sends such an action, or `act`, which sends any."""
    if not isinstance(body, Mapping) or len(body) != 1:
        return
    asked, value = next(iter(body.items()))
    methods = [one.name for one in OPERATIONS if one.asked == asked and one.name.isidentifier()]
    inside = value if isinstance(value, Mapping) else {}
    known = [*cloud.flavors.rows(), *cloud.images.rows()]
    told = [python(named(known, one)) for one in inside.values() if isinstance(one, str)]
    by_name = ", ".join(f"{one}={python(given)}" for one, given in inside.items())
    for method in methods:
        for arguments in ("", *told, ", ".join(told), by_name):
            yield f"{server}.{method}({arguments})"
    yield f"{server}.act({python(asked)}{'' if value is None else f', {python(value)}'})"
