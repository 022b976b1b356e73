"""The domain XML, compared with what Nova writes (`nova/virt/libvirt/config.py`)."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from simnova.exceptions import NovaError
from simnova.nova.context import RequestContext
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.virt.libvirt.config import NOVA_NS, guest_xml
from simnova.nova.virt.libvirt.consoles import Consoles, Spice, serial_ports

from .conftest import IMAGE, VIF, server

NOVA = {"nova": NOVA_NS}
CONTEXT = RequestContext(user_name="demo", project_name="lab")


def xml(instance=None, image=IMAGE, network=(VIF,), virt_type="qemu"):
    instance = instance or server(42, display_name="web & <db>")
    return guest_xml(CONTEXT, instance, image, network, virt_type, "2026-01-01T00:00:07Z")


def domain(**given):
    return ET.fromstring(xml(**given))


def test_the_guest_is_named_and_sized_after_the_server():
    guest = domain()

    assert guest.get("type") == "qemu"
    assert guest.findtext("name") == "instance-0000002a"
    assert guest.findtext("uuid") == server(42).uuid
    assert guest.findtext("memory") == str(2048 * 1024)  # KiB
    assert guest.findtext("vcpu") == "1"
    assert guest.find("cpu/topology").attrib == {"sockets": "1", "cores": "1", "threads": "1"}


def test_the_parts_come_in_novas_order():
    tags = [part.tag for part in domain()]

    head = ["uuid", "name", "memory", "vcpu", "metadata", "sysinfo", "os", "features"]
    assert tags == [*head, "clock", "cpu", "devices"]


def test_metadata_says_what_nova_knows_of_the_server():
    flavor = Flavor(name="m1", flavorid="2", vcpus=2, memory_mb=64, extra_specs={"hw:a": "b"})
    image = replace(IMAGE, min_disk=1, properties={"os_distro": "cirros"})
    meta = domain(instance=server(display_name="web & <db>", flavor=flavor), image=image).find(
        "metadata/nova:instance", NOVA
    )

    assert meta.findtext("nova:name", namespaces=NOVA) == "web & <db>"
    assert meta.findtext("nova:creationTime", namespaces=NOVA) == "2026-01-01 00:00:07"
    assert meta.find("nova:flavor", NOVA).attrib == {"name": "m1", "id": "2"}
    assert meta.findtext("nova:flavor/nova:vcpus", namespaces=NOVA) == "2"
    assert meta.find("nova:flavor/nova:extraSpecs/nova:extraSpec[@name='hw:a']", NOVA).text == "b"
    assert meta.find("nova:image", NOVA).get("uuid") == IMAGE.id
    assert meta.findtext("nova:image/nova:minDisk", namespaces=NOVA) == "1"
    user = meta.find("nova:owner/nova:user", NOVA)
    assert (user.text, user.get("uuid")) == ("demo", "u1")
    assert meta.find("nova:root", NOVA).attrib == {"type": "image", "uuid": IMAGE.id}
    address = meta.find(f"nova:ports/nova:port[@uuid='{VIF['id']}']/nova:ip", NOVA)
    assert address.attrib == {"type": "fixed", "address": "10.0.0.5", "ipVersion": "4"}


def test_the_bios_tells_the_guest_who_it_is():
    entries = {entry.get("name"): entry.text for entry in domain().iter("entry")}

    assert entries["uuid"] == entries["serial"] == server(42).uuid
    assert entries["product"] == "OpenStack Nova"
    assert domain().find("os/smbios").get("mode") == "sysinfo"


def test_the_disk_is_the_overlay():
    disk = domain().find("devices/disk")

    assert disk.find("driver").attrib == {"name": "qemu", "type": "qcow2", "cache": "none"}
    assert disk.find("source").get("file") == f"/var/lib/nova/instances/{server(42).uuid}/disk"
    assert disk.find("target").attrib == {"bus": "virtio", "dev": "vda"}


def test_each_port_is_a_card_that_open_vswitch_knows_by_the_ports_id():
    card = domain().find("devices/interface")

    assert card.find("mac").get("address") == VIF["address"]
    assert card.find("source").get("bridge") == "br-int"
    assert card.find("target").get("dev") == "tap7d2c5d3b-11"
    assert card.find("mtu").get("size") == "1442"
    assert card.find("virtualport[@type='openvswitch']/parameters").get("interfaceid") == VIF["id"]


def test_a_plain_bridge_has_no_virtual_port():
    card = domain(
        network=[{"id": "p" * 20, "address": "fa:16:3e:00:00:01", "type": "bridge"}]
    ).find("devices/interface")

    assert card.find("virtualport") is None
    assert card.find("target").get("dev") == "tapppppppppppp"


def test_without_network_and_image_there_is_no_card_and_no_disk():
    of_volume = server(42, image_ref=None)
    devices = domain(instance=of_volume, network=(), image=ImageMeta(id=None)).find("devices")

    assert devices.find("interface") is None
    assert devices.find("disk") is None
    assert devices.find("serial/log").get("file").endswith("/console.log")


def test_it_is_a_pure_function():
    assert xml() == xml()


@pytest.mark.libvirt
def test_libvirt_takes_it_as_it_is():
    import libvirt

    connection = libvirt.open("test:///default")
    accepted = ET.fromstring(connection.defineXML(xml(virt_type="test")).XMLDesc())
    connection.lookupByName("instance-0000002a").undefine()

    assert accepted.find("devices/interface/virtualport/parameters").get("interfaceid") == VIF["id"]
    assert accepted.find("devices/disk/source").get("file").endswith("/disk")
    assert accepted.find("metadata/nova:instance/nova:name", NOVA).text == "web & <db>"
    connection.close()


def test_who_has_neither_vnc_nor_spice_has_no_video_card():
    bare = Consoles(vnc=None)
    text = guest_xml(
        CONTEXT, server(42), IMAGE, (VIF,), "qemu", "2026-01-01T00:00:07Z", consoles=bare
    )
    devices = ET.fromstring(text).find("devices")
    assert [devices.find(tag) for tag in ("graphics", "video", "channel")] == [None] * 3
    assert devices.find("serial").get("type") == "pty"


def test_spice_says_what_its_options_say():
    spice = Spice("127.0.0.1", False, (("jpeg", "never"), ("playback", "off")), secure=True)
    made = Consoles(spice=spice)
    text = guest_xml(
        CONTEXT, server(42), IMAGE, (VIF,), "qemu", "2026-01-01T00:00:07Z", consoles=made
    )
    shown = ET.fromstring(text).find("devices/graphics[@type='spice']")
    assert shown.attrib == {"type": "spice", "autoport": "yes", "listen": "127.0.0.1"}
    assert shown.find("jpeg").get("compression") == "never"
    assert shown.find("playback").get("compression") == "off"
    assert len(shown.findall("channel[@mode='secure']")) == 8


@pytest.mark.parametrize(
    ("flavor", "image", "found"), [(None, None, 1), ("4", None, 4), ("4", "2", 2), (None, "3", 3)]
)
def test_a_guest_has_as_many_serial_consoles_as_flavor_and_image_say(flavor, image, found):
    assert serial_ports(*wanting(flavor, image)) == found


@pytest.mark.parametrize(
    ("flavor", "image", "error"),
    [("2", "3", "Forbidden to exceed"), ("many", None, "got 'many'"), ("5", None, "exceeds 4")],
)
def test_more_serial_consoles_than_there_can_be(flavor, image, error):
    with pytest.raises(NovaError, match=error):
        serial_ports(*wanting(flavor, image))


def wanting(flavor, image):
    specs = {"hw:serial_port_count": flavor} if flavor else {}
    properties = {"hw_serial_port_count": image} if image else {}
    made = Flavor(name="m1", flavorid="2", vcpus=1, memory_mb=64, extra_specs=specs)
    return made, replace(IMAGE, properties=properties)
