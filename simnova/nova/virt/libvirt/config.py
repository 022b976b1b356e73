"""Domain XML as Nova writes it, a pure function of server, image and network.

In Nova: `nova/virt/libvirt/config.py`, and `_get_guest_config` of `nova/virt/libvirt/driver.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.virt.driver import Instance, NetworkInfo
from simnova.nova.virt.libvirt.consoles import PLAIN, Consoles, chars, graphics
from simnova.nova.virt.libvirt.elements import node

NOVA_NS = "http://openstack.org/xmlns/libvirt/nova/1.1"
NOVA_VERSION = "34.0.0"
"""The release of Nova whose XML this is."""

INSTANCES_PATH = "/var/lib/nova/instances"
"""`instances_path`: where a host keeps `_base` and a directory for each server."""


def guest_xml(
    context: RequestContext,
    instance: Instance,
    image: ImageMeta,
    network_info: NetworkInfo,
    virt_type: str,
    created: str,
    disks: Sequence[str] = ("disk",),
    config_drive: tuple[str, str] | None = None,
    consoles: Consoles = PLAIN,
) -> str:
    """The domain; `created` is a UTC time as `2026-01-01T00:00:00Z`, `disks` are files of the server's directory.

    `config_drive` is the file of one, and its format: iso9660 is a CD, vfat a disk.
    """
    flavor = instance.flavor
    domain = node(
        "domain",
        node("uuid", instance.uuid),
        node("name", instance.name),
        node("memory", flavor.memory_mb * 1024),
        node("vcpu", flavor.vcpus),
        node("metadata", _metadata(context, instance, image, network_info, created)),
        _sysinfo(instance),
        node("os", node("type", "hvm"), node("boot", dev="hd"), node("smbios", mode="sysinfo")),
        node("features", node("acpi"), node("apic")),
        node("clock", offset="utc"),
        node("cpu", node("topology", sockets=flavor.vcpus, cores=1, threads=1), match="exact"),
        _devices(
            instance, disks if instance.image_ref else (), network_info, config_drive, consoles
        ),
        type=virt_type,
    )
    ET.indent(domain)
    return ET.tostring(domain, encoding="unicode")


# --- metadata ---


def _metadata(
    context: RequestContext,
    instance: Instance,
    image: ImageMeta,
    network_info: NetworkInfo,
    created: str,
) -> ET.Element:
    meta = node(
        "nova:instance",
        node("nova:package", version=NOVA_VERSION),
        node("nova:name", instance.display_name or instance.name),
        node("nova:creationTime", created.replace("T", " ").rstrip("Z")),
        _flavor(instance.flavor),
        _image(image),
        _owner(context, instance),
        node("nova:root", type="image", uuid=image.id or ""),
        node("nova:ports", *[_port(vif) for vif in network_info]),
    )
    meta.set("xmlns:nova", NOVA_NS)
    return meta


def _flavor(flavor: Flavor) -> ET.Element:
    return node(
        "nova:flavor",
        node("nova:memory", flavor.memory_mb),
        node("nova:disk", flavor.root_gb),
        node("nova:swap", flavor.swap),
        node("nova:ephemeral", flavor.ephemeral_gb),
        node("nova:vcpus", flavor.vcpus),
        node("nova:extraSpecs", *_named("nova:extraSpec", flavor.extra_specs)),
        name=flavor.name,
        id=flavor.flavorid,
    )


def _image(image: ImageMeta) -> ET.Element:
    return node(
        "nova:image",
        node("nova:containerFormat", image.container_format),
        node("nova:diskFormat", image.disk_format),
        node("nova:minDisk", image.min_disk),
        node("nova:minRam", image.min_ram),
        node("nova:properties", *_named("nova:property", image.properties)),
        uuid=image.id or "",
    )


def _named(tag: str, values: Mapping[str, Any]) -> Iterator[ET.Element]:
    for name in sorted(values):
        yield node(tag, str(values[name]), name=name)


def _owner(context: RequestContext, instance: Instance) -> ET.Element:
    user, project = instance.user_id or "", instance.project_id or ""
    return node(
        "nova:owner",
        node("nova:user", context.user_name or user, uuid=user),
        node("nova:project", context.project_name or project, uuid=project),
    )


def _port(vif: Mapping[str, Any]) -> ET.Element:
    addresses = [
        node("nova:ip", type=ip.get("type"), address=ip["address"], ipVersion=ip.get("version"))
        for subnet in _network(vif).get("subnets", ())
        for ip in subnet.get("ips", ())
    ]
    return node("nova:port", *addresses, uuid=vif["id"])


def _network(vif: Mapping[str, Any]) -> Mapping[str, Any]:
    return vif.get("network") or {}


# --- hardware ---


def _sysinfo(instance: Instance) -> ET.Element:
    entries = {
        "manufacturer": "OpenStack Foundation",
        "product": "OpenStack Nova",
        "version": NOVA_VERSION,
        "serial": instance.uuid,
        "uuid": instance.uuid,
        "family": "Virtual Machine",
    }
    system = [node("entry", value, name=name) for name, value in entries.items()]
    return node("sysinfo", node("system", *system), type="smbios")


def _devices(
    instance: Instance,
    disks: Sequence[str],
    network_info: NetworkInfo,
    config_drive: tuple[str, str] | None,
    consoles: Consoles,
) -> ET.Element:
    directory = f"{INSTANCES_PATH}/{instance.uuid}"
    return node(
        "devices",
        *[_disk(f"{directory}/{name}", f"vd{chr(97 + n)}") for n, name in enumerate(disks)],
        *([_config_drive(directory, config_drive, len(disks))] if config_drive else []),
        *[_interface(vif) for vif in network_info],
        *chars(consoles, f"{directory}/console.log"),
        node("input", type="tablet", bus="usb"),
        *graphics(consoles),
        node("memballoon", node("stats", period=10), model="virtio"),
    )


def _disk(file: str, device: str) -> ET.Element:
    return node(
        "disk",
        node("driver", name="qemu", type="qcow2", cache="none"),
        node("source", file=file),
        node("target", bus="virtio", dev=device),
        type="file",
        device="disk",
    )


def _config_drive(directory: str, config_drive: tuple[str, str], disks: int) -> ET.Element:
    """A CD, on the bus that the machine has for it, or one disk more (`get_config_drive_type` of `blockinfo.py`)."""
    name, kind = config_drive
    is_cd = kind == "iso9660"
    target = (
        {"bus": "ide", "dev": "hda"} if is_cd else {"bus": "virtio", "dev": f"vd{chr(97 + disks)}"}
    )
    return node(
        "disk",
        node("driver", name="qemu", type="raw", cache="none"),
        node("source", file=f"{directory}/{name}"),
        node("target", **target),
        type="file",
        device="cdrom" if is_cd else "disk",
    )


def _interface(vif: Mapping[str, Any]) -> ET.Element:
    """A card on the integration bridge; Open vSwitch finds the port by its id."""
    network = _network(vif)
    card = node(
        "interface",
        node("mac", address=vif["address"]),
        node("model", type="virtio"),
        node("source", bridge=network.get("bridge") or "br-int"),
        node("target", dev=vif.get("devname") or f"tap{vif['id'][:11]}"),
        type="bridge",
    )
    mtu = (network.get("meta") or {}).get("mtu")
    if mtu:
        card.append(node("mtu", size=mtu))
    if vif.get("type", "ovs") == "ovs":
        port = node("parameters", interfaceid=vif["id"])
        card.append(node("virtualport", port, type="openvswitch"))
    return card
