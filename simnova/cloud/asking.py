"""A learner's request for a server, as the body of `POST /v2.1/servers`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simnova.cloud import checks
from simnova.exceptions import UsageError, one_of

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud

_OWN = ("flavor", "image", "network", "count", "host", "node", "forced", "group", "hints")
"""What is no property of the body as it stands."""
_UUID = re.compile(r"[0-9a-fA-F-]{32,36}")


def server_body(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
    """The body for what `Cloud.submit` takes; raises `UsageError` for names that the cloud does not know."""
    own: dict[str, Any] = {name: asked.get(name) for name in _OWN}
    more = {name: value for name, value in asked.items() if name not in _OWN}
    checks.check_request(more)
    network, count = own["network"], own["count"]
    server: dict[str, Any] = {
        "name": more.pop("name"),
        "flavorRef": cloud.flavors.id_of(own["flavor"]),
        "imageRef": cloud.images.id_of(own["image"]),
        "networks": [{"uuid": cloud.networks.id_of(network)}] if network else "auto",
        **more,
    }
    if "user_data" in more:
        server["user_data"] = _user_data(more["user_data"])
    server |= _where(
        cloud, more.get("availability_zone"), own["host"], own["node"], asked.get("forced", True)
    )
    if count != 1:
        server |= {"min_count": count, "max_count": count, "return_reservation_id": True}
    hints = _hints(own["hints"])
    _check_servers(cloud, hints)
    if own["group"] is not None:
        hints["group"] = cloud.groups.id_of(own["group"])
    return {"server": server} | ({"os:scheduler_hints": hints} if hints else {})


def _user_data(data: Any) -> Any:
    """As a client sends them, in base64: bytes, and text that can be nothing else but user data as it is."""
    if isinstance(data, str) and data.startswith(("#", "Content-Type:", "MIME-Version:")):
        data = data.encode()
    return base64.b64encode(data).decode() if isinstance(data, bytes) else data


def _where(
    cloud: Cloud, zone: str | None, host: str | None, node: str | None, forced: bool
) -> dict[str, str]:
    """Forced as `zone:host:node`, past the filters; or else as the destination for which they are asked."""
    if host is not None:
        one_of("host", host, cloud.assembly.hosts)
    if not forced:
        wanted = {"host": host, "hypervisor_hostname": node}
        return {name: value for name, value in wanted.items() if value is not None}
    if host is None and node is None:
        return {}
    if zone and ":" in zone:
        raise UsageError(
            f"availability_zone='{zone}' names a host itself: leave out host= and node=, or give the zone alone"
        )
    place = [zone or "nova", host or "", *([node] if node else [])]
    return {"availability_zone": ":".join(place)}


def _hints(hints: Any) -> dict[str, Any]:
    """The hints; the query of JsonFilter may be given as a list, the API takes its text."""
    if hints is not None and not isinstance(hints, Mapping):
        raise UsageError(f"hints={hints!r}: give a dict, as in hints={{'same_host': [id]}}")
    given = dict(hints or {})
    try:
        if isinstance(given.get("query"), list):
            given["query"] = json.dumps(given["query"])
        json.dumps(given)
    except RecursionError:
        raise UsageError("hints: this is nested too deeply to be sent as JSON") from None
    except (TypeError, ValueError) as error:
        raise UsageError(f"hints: this cannot be sent as JSON: {error}") from None
    return given


def _check_servers(cloud: Cloud, hints: Mapping[str, Any]) -> None:
    """Raise UsageError where a hint names a server: Nova would take the name for an id that nothing has."""
    for hint in ("same_host", "different_host"):
        given = hints.get(hint)
        named = [one for one in (given if isinstance(given, list) else [given]) if _is_name(one)]
        for one in named:
            if one in cloud.servers:
                raise UsageError(
                    f"hints: {hint} is {one!r}, the name of a server, and Nova compares ids: "
                    f"{{{hint!r}: cloud.servers[{one!r}].id}}"
                )


def _is_name(one: Any) -> bool:
    return isinstance(one, str) and not _UUID.fullmatch(one)
