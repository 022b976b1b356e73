"""What a flavor asks for, by the aliases that `[pci]` defines (`nova/pci/request.py`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simnova.kernel.clock import Clock
from simnova.nova import exception
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance_pci_requests import InstancePCIRequest, InstancePCIRequests

if TYPE_CHECKING:
    from simnova.config import Config

_TYPES = ("type-PCI", "type-PF", "type-VF")
_KNOWN = {
    *("name", "capability_type", "product_id", "vendor_id", "device_type", "numa_policy"),
    *("resource_class", "traits", "live_migratable"),
}


def get_alias_from_config(conf: Config) -> dict[str, list[dict[str, str]]]:
    """The kinds of devices that each alias stands for; raises PciInvalidAlias."""
    aliases: dict[str, list[dict[str, str]]] = {}
    for text in conf.pci.alias:
        spec = _spec(text)
        aliases.setdefault(spec.pop("name").strip(), []).append(spec)
    return aliases


def _spec(text: str) -> dict[str, str]:
    try:
        spec: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise exception.PciInvalidAlias(reason=str(error)) from error
    missing = {"name", "vendor_id", "product_id"} - set(spec)
    unknown = set(spec) - _KNOWN
    if missing or unknown or spec.get("device_type", _TYPES[0]) not in _TYPES:
        raise exception.PciInvalidAlias(reason=text)
    for name in ("numa_policy", "resource_class", "traits"):
        spec.pop(name, None)
    kind = spec.pop("device_type", None)
    return {**spec, "dev_type": kind} if kind else spec


def get_pci_requests_from_flavor(
    conf: Config, flavor: Flavor, instance_uuid: str, clock: Clock
) -> InstancePCIRequests | None:
    """The requests in the extra spec `pci_passthrough:alias`, such as `gpu:2,nic:1`; None where there is none.

    Raises PciRequestAliasNotDefined.
    """
    requests = requests_from_flavor(conf, flavor)
    for request in requests:
        request.request_id = clock.uuid("pci_request")
    return InstancePCIRequests(instance_uuid=instance_uuid, requests=requests) if requests else None


def requests_from_flavor(conf: Config, flavor: Flavor) -> list[InstancePCIRequest]:
    """The requests as the flavor has them, without ids; raises PciRequestAliasNotDefined."""
    asked = flavor.extra_specs.get("pci_passthrough:alias")
    if not asked:
        return []
    aliases = get_alias_from_config(conf)
    return [_request(aliases, part) for part in asked.split(",")]


def _request(aliases: dict[str, list[dict[str, str]]], text: str) -> InstancePCIRequest:
    name, _, count = text.strip().partition(":")
    if name not in aliases:
        raise exception.PciRequestAliasNotDefined(alias=name)
    return InstancePCIRequest(int(count), aliases[name], name)
