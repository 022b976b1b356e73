"""What a flavor asks for, by the aliases that `[pci]` defines (`nova/pci/request.py`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simnova.kernel.clock import Clock
from simnova.nova import exception
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.objects.instance_pci_requests import InstancePCIRequest, InstancePCIRequests
from simnova.nova.virt.constraints import PCI_NUMA_POLICIES, get_pci_numa_policy_constraint

if TYPE_CHECKING:
    from simnova.config import Config

Alias = tuple[str, list[dict[str, str]]]
"""What an alias stands for: how near to the server's NUMA nodes the devices must be, and the kinds of devices."""

ALIAS = "pci_passthrough:alias"
"""The extra spec of a flavor that asks for devices."""

PCI_VENDOR_PATTERN = r"^([\da-fA-F]{4})$"

_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 256},
        "capability_type": {"type": "string", "enum": ["pci"]},
        "product_id": {"type": "string", "pattern": PCI_VENDOR_PATTERN},
        "vendor_id": {"type": "string", "pattern": PCI_VENDOR_PATTERN},
        "device_type": {"type": "string", "enum": ["type-PCI", "type-PF", "type-VF"]},
        "numa_policy": {"type": "string", "enum": list(PCI_NUMA_POLICIES)},
        "resource_class": {"type": "string"},
        "traits": {"type": "string"},
        "live_migratable": {"type": "string"},
    },
    "required": ["name"],
}


def get_alias_from_config(conf: Config) -> dict[str, Alias]:
    """What each alias stands for; raises PciInvalidAlias, also where two of one name do not agree."""
    aliases: dict[str, Alias] = {}
    try:
        for text in conf.pci.alias:
            _add(aliases, text)
    except exception.PciInvalidAlias:
        raise
    except Exception as error:
        reason = str(getattr(error, "message", error))
        raise exception.PciInvalidAlias(reason=reason) from error
    without = [
        name
        for name, (_, specs) in aliases.items()
        if not all({"vendor_id", "product_id"} <= set(spec) for spec in specs)
    ]
    if without:
        raise exception.PciInvalidAlias(
            f"The PCI alias(es) {','.join(sorted(without))} does not have vendor_id and product_id fields set."
        )
    return aliases


def _add(aliases: dict[str, Alias], text: str) -> None:
    import jsonschema

    spec: dict[str, Any] = json.loads(text)
    jsonschema.validate(spec, _SCHEMA)
    name = spec.pop("name").strip()
    policy = spec.pop("numa_policy", None) or "legacy"
    kind = spec.pop("device_type", None)
    if kind:
        spec["dev_type"] = kind
    known, specs = aliases.setdefault(name, (policy, []))
    if known != policy:
        raise exception.PciInvalidAlias(reason=f"NUMA policy mismatch for alias '{name}'")
    if specs and specs[0]["dev_type"] != spec["dev_type"]:
        raise exception.PciInvalidAlias(reason=f"Device type mismatch for alias '{name}'")
    specs.append(spec)


def get_pci_requests_from_flavor(
    conf: Config, flavor: Flavor, instance_uuid: str, clock: Clock, image: ImageMeta | None = None
) -> InstancePCIRequests | None:
    """The requests in the extra spec, such as `gpu:2,nic:1`; None where there is none.

    Flavor or image may say how near the devices must be, for all of them. Raises PciRequestAliasNotDefined.
    """
    requests = requests_from_flavor(conf, flavor, image)
    for request in requests:
        request.request_id = clock.uuid("pci_request")
    return InstancePCIRequests(instance_uuid=instance_uuid, requests=requests) if requests else None


def requests_from_flavor(
    conf: Config, flavor: Flavor, image: ImageMeta | None = None
) -> list[InstancePCIRequest]:
    """The requests as the flavor has them, without ids; raises PciRequestAliasNotDefined."""
    policy = get_pci_numa_policy_constraint(flavor, image or ImageMeta())
    asked = flavor.extra_specs.get(ALIAS)
    if asked is None:
        return []
    aliases = get_alias_from_config(conf)
    pairs = [part.split(":") for part in asked.split(",")]
    return [_request(aliases, name.strip(), count, policy) for name, count in pairs]


def _request(
    aliases: dict[str, Alias], name: str, count: str, policy: str | None
) -> InstancePCIRequest:
    if name not in aliases:
        raise exception.PciRequestAliasNotDefined(alias=name)
    near, specs = aliases[name]
    return InstancePCIRequest(int(count), specs, name, policy or near)
