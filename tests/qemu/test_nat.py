"""Real guests on networks of libvirt's own, whose DHCP knows Neutron's ports alone."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from simnova import Cloud, Host, UsageError
from simnova.cloud.cleaning import leftovers_here
from simnova.nova.virt import linux_guest
from simnova.nova.virt.libvirt import leftovers, remains
from simnova.nova.virt.libvirt.host import library

from .conftest import up
from .root_daemon import RootDaemon, missing

needs_root = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@pytest.fixture(scope="module")
def root():
    with RootDaemon() as made:
        yield made


def leases(uri):
    """What the networks of a daemon hand out, by MAC."""
    networks = library().open(uri).listAllNetworks()
    found = [ET.fromstring(one.XMLDesc()).findall("ip/dhcp/host") for one in networks]
    return {host.get("mac"): host.get("ip") for hosts in found for host in hosts}


def ports(cloud):
    """What Neutron has of its ports, by MAC."""
    said = "SELECT mac_address, ip_address FROM neutron.ports JOIN neutron.ipallocations ON port_id = id"
    return dict(cloud.sql(said).rows)


def bridges(root):
    return [
        line.split()[0] for line in root.ran("ip", "-br", "link").splitlines() if "nova" in line
    ]


def nothing_is_left(root):
    assert leases(root.uri) == {}
    assert bridges(root) == []
    assert "nova" not in root.ran("iptables-save")
    assert root.ran("pgrep", "-f", "conf-file=.*dnsmasq/nova") == ""


@needs_root
def test_libvirt_hands_out_neutrons_addresses_while_the_ports_are_plugged(root):
    with Cloud([Host("compute1", driver=root.uri, network="nat")]) as cloud:
        server = cloud.boot("web", flavor="m1.tiny").wait()
        cloud.run()
        up(server)
        assert leases(root.uri) == ports(cloud)
        [bridge] = bridges(root)
        assert "inet 10.0.0.1/16" in root.ran("ip", "addr", "show", bridge)
        assert "MASQUERADE" in root.ran("iptables-save")
        server.attach_interface()
        cloud.run()
        assert len(server.addresses) == 2
        assert leases(root.uri) == ports(cloud)
        server.stop()
        cloud.run()
        [port] = cloud.sql(
            f"SELECT port_id FROM neutron.ipallocations WHERE ip_address = '{server.addresses[1]}'"
        ).rows[0]
        server.detach_interface(port)
        cloud.run()
        server.start()
        cloud.run()
        up(server)
        assert len(leases(root.uri)) == 1
        assert leases(root.uri) == ports(cloud)
        with pytest.raises(UsageError, match=f"reached without: at {server.addresses[0]}, port 22"):
            server.forward(22)
        server.delete()
        cloud.run()
        nothing_is_left(root)
        cloud.boot("left", flavor="m1.tiny").wait()
        assert len(leases(root.uri)) == 1
    nothing_is_left(root)


@needs_root
@pytest.mark.thorough
@pytest.mark.skipif(linux_guest.missing() is not None, reason=str(linux_guest.missing()))
def test_a_guest_on_the_bridge_has_its_address_and_the_metadata_service(root, machines):
    """And a guest on a host without bridges reaches it."""
    with Cloud([Host("nat", driver=root.uri, network="nat"), machines.hosts[0]]) as cloud:
        cloud.images.add_linux()
        given = {"flavor": "m1.tiny", "image": "linux"}
        server = cloud.boot("web", host="nat", **given).wait()
        told = server.expect("web login: ", seconds=60)
        assert f"{server.addresses[0]}/16" in told
        assert f'"uuid": "{server.id}"' in told
        ping = f"#!/bin/sh\nping -c 1 -W 5 {server.addresses[0]}\n"
        other = cloud.boot("other", host="compute1", user_data=ping, **given).wait()
        told = other.expect("other login: ", seconds=60)
        assert "1 packets transmitted, 1 packets received" in told
        server.live_migrate()
        cloud.run()
        assert server.host == "nat"
        assert "its cards are on networks of nat's libvirt, which no other has" in str(cloud.log())


@needs_root
def test_an_address_that_the_machine_has_itself_is_left_to_qemu(root):
    root.ran("ip", "link", "add", "lan0", "type", "bridge")
    root.ran("ip", "addr", "add", "10.0.0.77/16", "dev", "lan0")
    root.ran("ip", "link", "set", "lan0", "up")
    try:
        with Cloud([Host("compute1", driver=root.uri, network="nat")]) as cloud:
            up(cloud.boot("web", flavor="m1.tiny").wait())
            assert "has user-mode networking, not NAT: " in str(cloud.log())
            assert "Network is already in use by interface lan0" in str(cloud.log())
            assert leases(root.uri) == {}
    finally:
        root.ran("ip", "link", "del", "lan0")


CRASH = """
import os, sys
from simnova import Cloud, Host
cloud = Cloud([Host("compute1", driver=sys.argv[1], network="nat")])
cloud.boot("web", flavor="m1.tiny").wait()
os._exit(1)
"""


@needs_root
def test_what_a_crash_has_left_is_found_and_removed(root):
    subprocess.run([sys.executable, "-c", CRASH, root.uri], check=False)
    [bridge] = bridges(root)
    found = [one for one in leftovers_here() if root.uri in one.told]
    assert [one.told.split()[0] for one in found] == ["guest", "network"]
    assert found[1].told == f"network {bridge} on {root.uri}"
    for one in found:
        one.remove()
    [run] = [run for run in leftovers.runs() if root.uri in run.uris.values()]
    remains.of(run)[1].remove()
    nothing_is_left(root)


def test_where_there_can_be_none_the_log_says_why_and_qemu_carries_the_cards(machines):
    with Cloud([Host("compute1", driver=machines.hosts[0].driver, network="nat")]) as cloud:
        server = cloud.boot("web", flavor="m1.tiny").wait()
        up(server)
        said = "compute1 can have no NAT network, its guests have user-mode networking: "
        assert str(cloud.log(background=True)).count(said) == 1
        driver = cloud.assembly.drivers["compute1"].driver
        xml = driver.connection.lookupByUUIDString(server.id).XMLDesc()
        assert "<interface type='user'>" in xml


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"network": "nat"}, "network is for real guests: give it driver='qemu:///system'"),
        ({"network": "bridge", "driver": "qemu:///system"}, "'bridge': known: nat, user"),
        ({"network": "nat", "driver": "test:///default"}, "network is for real guests"),
    ],
)
def test_networks_that_a_host_cannot_have(given, message):
    with pytest.raises(UsageError, match=message):
        Host("compute1", **given)
