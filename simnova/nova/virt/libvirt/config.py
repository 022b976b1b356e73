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
) -> str:
    """The domain; `created` is a UTC time as `2026-01-01T00:00:00Z`, `disks` are files of the server's directory.

    `config_drive` is the file of one, and its format: iso9660 is a CD, vfat a disk.
    """
    flavor = instance.flavor
    domain = _node(
        "domain",
        _node("uuid", instance.uuid),
        _node("name", instance.name),
        _node("memory", flavor.memory_mb * 1024),
        _node("vcpu", flavor.vcpus),
        _node("metadata", _metadata(context, instance, image, network_info, created)),
        _sysinfo(instance),
        _node("os", _node("type", "hvm"), _node("boot", dev="hd"), _node("smbios", mode="sysinfo")),
        _node("features", _node("acpi"), _node("apic")),
        _node("clock", offset="utc"),
        _node("cpu", _node("topology", sockets=flavor.vcpus, cores=1, threads=1), match="exact"),
        _devices(instance, disks if instance.image_ref else (), network_info, config_drive),
        type=virt_type,
    )
    ET.indent(domain)
    return ET.tostring(domain, encoding="unicode")


def _node(tag: str, *content: ET.Element | str | int, **attributes: object) -> ET.Element:
    """An element with children or a text, and attributes."""
    element = ET.Element(tag, {name: str(value) for name, value in attributes.items()})
    for part in content:
        if isinstance(part, ET.Element):
            element.append(part)
        else:
            element.text = str(part)
    return element


# --- metadata ---


def _metadata(
    context: RequestContext,
    instance: Instance,
    image: ImageMeta,
    network_info: NetworkInfo,
    created: str,
) -> ET.Element:
    meta = _node(
        "nova:instance",
        _node("nova:package", version=NOVA_VERSION),
        _node("nova:name", instance.display_name or instance.name),
        _node("nova:creationTime", created.replace("T", " ").rstrip("Z")),
        _flavor(instance.flavor),
        _image(image),
        _owner(context, instance),
        _node("nova:root", type="image", uuid=image.id or ""),
        _node("nova:ports", *[_port(vif) for vif in network_info]),
    )
    meta.set("xmlns:nova", NOVA_NS)
    return meta


def _flavor(flavor: Flavor) -> ET.Element:
    return _node(
        "nova:flavor",
        _node("nova:memory", flavor.memory_mb),
        _node("nova:disk", flavor.root_gb),
        _node("nova:swap", flavor.swap),
        _node("nova:ephemeral", flavor.ephemeral_gb),
        _node("nova:vcpus", flavor.vcpus),
        _node("nova:extraSpecs", *_named("nova:extraSpec", flavor.extra_specs)),
        name=flavor.name,
        id=flavor.flavorid,
    )


def _image(image: ImageMeta) -> ET.Element:
    return _node(
        "nova:image",
        _node("nova:containerFormat", image.container_format),
        _node("nova:diskFormat", image.disk_format),
        _node("nova:minDisk", image.min_disk),
        _node("nova:minRam", image.min_ram),
        _node("nova:properties", *_named("nova:property", image.properties)),
        uuid=image.id or "",
    )


def _named(tag: str, values: Mapping[str, Any]) -> Iterator[ET.Element]:
    for name in sorted(values):
        yield _node(tag, str(values[name]), name=name)


def _owner(context: RequestContext, instance: Instance) -> ET.Element:
    user, project = instance.user_id or "", instance.project_id or ""
    return _node(
        "nova:owner",
        _node("nova:user", context.user_name or user, uuid=user),
        _node("nova:project", context.project_name or project, uuid=project),
    )


def _port(vif: Mapping[str, Any]) -> ET.Element:
    addresses = [
        _node("nova:ip", type=ip.get("type"), address=ip["address"], ipVersion=ip.get("version"))
        for subnet in _network(vif).get("subnets", ())
        for ip in subnet.get("ips", ())
    ]
    return _node("nova:port", *addresses, uuid=vif["id"])


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
    system = [_node("entry", value, name=name) for name, value in entries.items()]
    return _node("sysinfo", _node("system", *system), type="smbios")


def _devices(
    instance: Instance,
    disks: Sequence[str],
    network_info: NetworkInfo,
    config_drive: tuple[str, str] | None,
) -> ET.Element:
    directory = f"{INSTANCES_PATH}/{instance.uuid}"
    serial = _node("log", file=f"{directory}/console.log", append="off")
    return _node(
        "devices",
        *[_disk(f"{directory}/{name}", f"vd{chr(97 + n)}") for n, name in enumerate(disks)],
        *([_config_drive(directory, config_drive, len(disks))] if config_drive else []),
        *[_interface(vif) for vif in network_info],
        _node("serial", serial, type="pty"),
        _node("input", type="tablet", bus="usb"),
        _node("graphics", type="vnc", autoport="yes", listen="127.0.0.1"),
        _node("video", _node("model", type="virtio")),
        _node("memballoon", _node("stats", period=10), model="virtio"),
    )


def _disk(file: str, device: str) -> ET.Element:
    return _node(
        "disk",
        _node("driver", name="qemu", type="qcow2", cache="none"),
        _node("source", file=file),
        _node("target", bus="virtio", dev=device),
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
    return _node(
        "disk",
        _node("driver", name="qemu", type="raw", cache="none"),
        _node("source", file=f"{directory}/{name}"),
        _node("target", **target),
        type="file",
        device="cdrom" if is_cd else "disk",
    )


def _interface(vif: Mapping[str, Any]) -> ET.Element:
    """A card on the integration bridge; Open vSwitch finds the port by its id."""
    network = _network(vif)
    card = _node(
        "interface",
        _node("mac", address=vif["address"]),
        _node("model", type="virtio"),
        _node("source", bridge=network.get("bridge") or "br-int"),
        _node("target", dev=vif.get("devname") or f"tap{vif['id'][:11]}"),
        type="bridge",
    )
    mtu = (network.get("meta") or {}).get("mtu")
    if mtu:
        card.append(_node("mtu", size=mtu))
    if vif.get("type", "ovs") == "ovs":
        port = _node("parameters", interfaceid=vif["id"])
        card.append(_node("virtualport", port, type="openvswitch"))
    return card
