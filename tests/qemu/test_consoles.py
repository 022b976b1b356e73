"""Serial consoles as ports, and SPICE, of real guests."""

from __future__ import annotations

import socket
import struct
from xml.etree import ElementTree as ET

import pytest

from simnova import Cloud, UsageError
from simnova.nova.virt.libvirt import serial
from simnova.nova.virt.tiny_guest import LOGIN

from .conftest import up

ON = {
    "serial_console.enabled": True,
    "serial_console.port_range": "21500:21503",
    "spice.enabled": True,
    "spice.image_compression": "quic",
}


@pytest.fixture
def cloud(machines):
    with Cloud(machines.hosts, config=ON) as made:
        yield made


def boot(cloud, name="web", **more):
    server = cloud.boot(name, flavor="m1.tiny", **more).wait()
    cloud.run()
    return server


def defined(cloud, server):
    driver = cloud.assembly.drivers[server.host].driver
    return ET.fromstring(driver.connection.lookupByUUIDString(server.id).XMLDesc())


def token(cloud):
    """What nova-compute says of the last console."""
    row = "SELECT host, port, console_type FROM nova_cell1.console_auth_tokens ORDER BY id DESC"
    return cloud.sql(row).rows[0]


def test_a_serial_console_is_a_port_at_which_the_guest_answers(cloud):
    server = boot(cloud)
    up(server)
    [found] = defined(cloud, server).findall("devices/serial")
    source = {"mode": "bind", "host": "127.0.0.1", "service": "21500"}
    assert found.get("type") == "tcp"
    assert source.items() <= found.find("source").attrib.items()
    assert found.find("log").get("file").endswith("console.log")
    url = server.console("serial", "serial")
    assert url.startswith("ws://127.0.0.1:6083/?token=")
    server.open_console(url)
    assert token(cloud) == ("127.0.0.1", 21500, "serial")
    assert "hello" in server.type("hello\r")
    with socket.create_connection(("127.0.0.1", 21500), timeout=5) as line:
        line.sendall(b"there\r")
        line.settimeout(5)
        told = b""
        while b"there" not in told:
            told += line.recv(100)
    assert LOGIN in server.console_output()


def test_each_guest_has_ports_of_its_own_until_there_are_no_more(cloud):
    cloud.flavors.create("two", vcpus=1, ram=64, disk=1, extra_specs={"hw:serial_port_count": "2"})
    first = boot(cloud, "first", host="compute1")
    second = cloud.boot("second", flavor="two", host="compute2").wait()
    ports = [one.get("service") for one in defined(cloud, second).findall("devices/serial/source")]
    assert ports == ["21501", "21502"]
    full = cloud.submit("full", flavor="m1.tiny", host="compute1")
    cloud.run()
    assert full.servers[0].status == "ERROR"
    assert "Not able to acquire a free port for 127.0.0.1" in str(cloud.log())
    first.delete()
    cloud.run()
    assert (
        defined(cloud, boot(cloud, "third")).find("devices/serial/source").get("service") == "21500"
    )


def test_a_port_that_somebody_else_has_is_passed_over(cloud):
    with socket.create_server(("127.0.0.1", 21500)):
        server = boot(cloud)
    assert defined(cloud, server).find("devices/serial/source").get("service") == "21501"


def test_a_guest_that_moves_while_it_runs_has_another_port_there(cloud):
    server = boot(cloud, host="compute1")
    up(server)
    server.live_migrate()
    cloud.run()
    assert (server.host, server.status) == ("compute2", "ACTIVE")
    server.console("serial", "serial")
    assert token(cloud)[1] == 21501
    assert [port for _, port in serial.ALLOCATED_PORTS] == [21501]
    assert "still here" in server.type("still here\r")


def test_spice_is_as_nova_writes_it(cloud):
    server = boot(cloud)
    xml = defined(cloud, server)
    found = xml.find("devices/graphics[@type='spice']")
    if found is None:
        pytest.skip("this QEMU has no SPICE")
    assert found.find("image").get("compression") == "quic"
    assert xml.find("devices/channel/target[@name='com.redhat.spice.0']") is not None
    server.open_console(server.console("spice", "spice-html5"))
    host, port, _ = token(cloud)
    with socket.create_connection((host, port), timeout=5) as line:
        about = struct.pack("<IBBIII", 0, 1, 0, 0, 0, 18)  # a first connection, to the main channel
        line.sendall(b"REDQ" + struct.pack("<III", 2, 2, len(about)) + about)
        assert line.recv(4) == b"REDQ"


def test_without_the_options_there_are_none(machines):
    with Cloud([machines.hosts[0]]) as cloud:
        server = boot(cloud)
        assert defined(cloud, server).find("devices/serial").get("type") == "pty"
        for protocol, kind in (("serial", "serial"), ("spice", "spice-html5")):
            with pytest.raises(UsageError, match=f"Unavailable console type {kind}"):
                server.console(protocol, kind)
            cloud.set(f"{'serial_console' if protocol == 'serial' else protocol}.enabled", True)
            with pytest.raises(UsageError, match=f"Unavailable console type {protocol}"):
                server.console(protocol, kind)
