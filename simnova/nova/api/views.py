"""What the API shows (`nova/api/openstack/compute/views/`)."""

from __future__ import annotations

import hashlib
from typing import Any

from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import TaskState, VmState

_T = TaskState
_Words = dict[str | None, str]
_REBOOT: _Words = dict.fromkeys((_T.REBOOTING, _T.REBOOT_PENDING, _T.REBOOT_STARTED), "REBOOT")
_HARD_REBOOT: _Words = dict.fromkeys(
    (_T.REBOOTING_HARD, _T.REBOOT_PENDING_HARD, _T.REBOOT_STARTED_HARD), "HARD_REBOOT"
)
_REBUILD: _Words = dict.fromkeys(
    (_T.REBUILDING, _T.REBUILD_BLOCK_DEVICE_MAPPING, _T.REBUILD_SPAWNING), "REBUILD"
)
_RESIZE: _Words = dict.fromkeys(
    (_T.RESIZE_PREP, _T.RESIZE_MIGRATING, _T.RESIZE_MIGRATED, _T.RESIZE_FINISH), "RESIZE"
)
_MIGRATE: _Words = {_T.MIGRATING: "MIGRATING"}

_STATUS: dict[str, _Words] = {
    VmState.ACTIVE: {
        None: "ACTIVE",
        _T.UPDATING_PASSWORD: "PASSWORD",
        **_REBOOT,
        **_HARD_REBOOT,
        **_REBUILD,
        **_RESIZE,
        **_MIGRATE,
    },
    VmState.BUILDING: {None: "BUILD"},
    VmState.PAUSED: {None: "PAUSED", **_MIGRATE},
    VmState.SUSPENDED: {None: "SUSPENDED"},
    VmState.STOPPED: {None: "SHUTOFF", **_RESIZE, **_REBUILD},
    VmState.RESCUED: {None: "RESCUE"},
    VmState.RESIZED: {None: "VERIFY_RESIZE", _T.RESIZE_REVERTING: "REVERT_RESIZE"},
    VmState.SOFT_DELETED: {None: "SOFT_DELETED"},
    VmState.DELETED: {None: "DELETED"},
    VmState.ERROR: {None: "ERROR", **_REBUILD},
    VmState.SHELVED: {None: "SHELVED"},
    VmState.SHELVED_OFFLOADED: {None: "SHELVED_OFFLOADED"},
}

STATUSES = sorted({word for by_task in _STATUS.values() for word in by_task.values()})
"""Every word in which the API puts a server's state."""


def status(vm_state: str, task_state: str | None) -> str:
    """The one word in which the API puts a server's vm_state and task_state (`nova/api/openstack/common.py`)."""
    by_task = _STATUS.get(vm_state, {})
    return by_task.get(task_state, by_task.get(None, "UNKNOWN"))


def server(instance: Instance, is_admin: bool, microversion: tuple[int, int]) -> dict[str, Any]:
    """One server in detail."""
    shown: dict[str, Any] = {
        "id": instance.uuid,
        "name": instance.display_name,
        "status": status(instance.vm_state, instance.task_state),
        "tenant_id": instance.project_id or "",
        "user_id": instance.user_id or "",
        "metadata": instance.metadata,
        "hostId": _host_id(instance),
        "image": image_of(instance.image_ref),
        "flavor": flavor_of(instance.flavor, microversion),
        "created": instance.created_at,
        "updated": instance.updated_at or instance.created_at,
        "addresses": addresses(instance),
        "accessIPv4": "",
        "accessIPv6": "",
        "links": links("servers", instance.uuid),
        "OS-DCF:diskConfig": "MANUAL",
        "OS-EXT-AZ:availability_zone": instance.availability_zone or "",
        "config_drive": instance.config_drive,
        "key_name": instance.key_name,
        "OS-SRV-USG:launched_at": naive(instance.launched_at),
        "OS-SRV-USG:terminated_at": naive(instance.terminated_at),
        "OS-EXT-STS:task_state": instance.task_state,
        "OS-EXT-STS:vm_state": instance.vm_state,
        "OS-EXT-STS:power_state": instance.power_state,
        "os-extended-volumes:volumes_attached": [],
    }
    if shown["status"] in ("ACTIVE", "BUILD"):
        shown["progress"] = instance.progress
    if shown["status"] in ("ERROR", "DELETED") and instance.fault:
        shown["fault"] = fault(instance.fault, is_admin)
    if is_admin:
        shown |= _extended(instance)
    if microversion >= (2, 9):
        shown["locked"] = instance.locked
    if microversion >= (2, 73):
        shown["locked_reason"] = instance.system_metadata.get("locked_reason")
    if microversion >= (2, 19):
        shown["description"] = instance.display_description
    return {"server": shown}


def server_created(instance: Instance, password: str) -> dict[str, Any]:
    """What `POST /servers` answers, at once."""
    return {
        "server": {
            "id": instance.uuid,
            "links": links("servers", instance.uuid),
            "OS-DCF:diskConfig": "MANUAL",
            "security_groups": [{"name": "default"}],
            "adminPass": password,
        }
    }


def fault(row: dict[str, Any], is_admin: bool) -> dict[str, Any]:
    """A server's fault; details are for an administrator, or where it is no 500."""
    shown = {"code": row["code"], "created": row["created_at"], "message": row["message"]}
    if row["details"] and (is_admin or row["code"] != 500):
        shown["details"] = row["details"]
    return shown


def addresses(instance: Instance) -> dict[str, list[dict[str, Any]]]:
    """The server's addresses by network."""
    found: dict[str, list[dict[str, Any]]] = {}
    for vif in instance.network_info:
        for subnet in vif["network"]["subnets"]:
            for ip in subnet["ips"]:
                shown = {
                    "version": ip.get("version", 4),
                    "addr": ip["address"],
                    "OS-EXT-IPS:type": ip.get("type", "fixed"),
                    "OS-EXT-IPS-MAC:mac_addr": vif["address"],
                }
                found.setdefault(vif["network"]["label"], []).append(shown)
    return found


def flavor(found: Flavor) -> dict[str, Any]:
    """One flavor in detail."""
    return {
        "id": found.flavorid,
        "name": found.name,
        "ram": found.memory_mb,
        "vcpus": found.vcpus,
        "disk": found.root_gb,
        "OS-FLV-EXT-DATA:ephemeral": found.ephemeral_gb,
        "swap": found.swap or "",
        "rxtx_factor": found.rxtx_factor,
        "OS-FLV-DISABLED:disabled": found.disabled,
        "os-flavor-access:is_public": found.is_public,
        "description": found.description,
        "extra_specs": found.extra_specs,
        "links": links("flavors", found.flavorid),
    }


def image_of(image_ref: str | None) -> dict[str, Any] | str:
    """The image within a server; an empty text where it has none."""
    return {"id": image_ref, "links": links("images", image_ref)} if image_ref else ""


def flavor_of(found: Flavor, microversion: tuple[int, int]) -> dict[str, Any]:
    """The flavor within a server."""
    if microversion < (2, 47):
        return {"id": found.flavorid, "links": links("flavors", found.flavorid)}
    return {
        "vcpus": found.vcpus,
        "ram": found.memory_mb,
        "disk": found.root_gb,
        "ephemeral": found.ephemeral_gb,
        "swap": found.swap,
        "original_name": found.name,
        "extra_specs": found.extra_specs,
    }


def _extended(instance: Instance) -> dict[str, Any]:
    values = {
        "host": instance.host,
        "instance_name": instance.name,
        "hypervisor_hostname": instance.node,
        "hostname": instance.hostname,
        "launch_index": instance.launch_index,
        "reservation_id": instance.reservation_id,
        "root_device_name": instance.root_device_name,
        "user_data": instance.user_data,
    }
    return {f"OS-EXT-SRV-ATTR:{name}": value for name, value in values.items()}


def _host_id(instance: Instance) -> str:
    """A host's name that tells a user only which servers share it."""
    if not instance.host:
        return ""
    return hashlib.sha224(f"{instance.project_id}{instance.host}".encode()).hexdigest()


def links(kind: str, ident: str | None) -> list[dict[str, str]]:
    """Where a thing is to be found, at this version of the API and at any."""
    return [
        {"rel": "self", "href": f"http://nova-api/v2.1/{kind}/{ident}"},
        {"rel": "bookmark", "href": f"http://nova-api/{kind}/{ident}"},
    ]


def naive(time: str | None) -> str | None:
    """A time as the API shows it, without a zone."""
    return time and time.rstrip("Z") + ".000000"
