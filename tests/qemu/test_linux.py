"""A small Linux as a guest: what it learns of its server, and what it does with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from simnova import Cloud, UsageError
from simnova.nova.virt import linux_guest

from .conftest import log_of, soon

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEnDB6EAAkotdJP+74PkLsuWGW0yHYarssO+Jk1MGHcF me"
SCRIPT = "#!/bin/sh\necho the script says $(hostname)\n"

needs_linux = pytest.mark.skipif(
    linux_guest.missing() is not None, reason=str(linux_guest.missing())
)


def written(server, text, seconds=60.0):
    """What the guest has written, once that is in it."""
    driver = driver_of(server)
    assert soon(lambda: text in log_of(driver, server), seconds), log_of(driver, server)
    return log_of(driver, server)


def driver_of(server):
    return server.cloud.assembly.drivers[server.host].driver


def boot(cloud, key=KEY, **more):
    cloud.images.add_linux()
    cloud.keypairs.create("mine", key)
    given = {"flavor": "m1.tiny", "image": "linux", "key_name": "mine", "user_data": SCRIPT}
    return cloud.boot("web", **{**given, **more}).wait()


@needs_linux
@pytest.mark.parametrize("kind", ["iso9660", pytest.param("vfat", marks=pytest.mark.thorough)])
def test_it_learns_all_from_a_config_drive(machines, kind):
    with Cloud([machines.hosts[0]], config={"config_drive_format": kind}) as cloud:
        server = boot(cloud, config_drive=True)
        told = written(server, "web login: ")
        drive = {"iso9660": "/dev/sr0", "vfat": "/dev/vdb"}[kind]
        assert f"simnova: config drive {drive}" in told
        assert f'"uuid": "{server.id}"' in told
        assert f"simnova: key {KEY[:40]}" in told
        assert "the script says web" in told
        assert "simnova: user data ended with 0" in told


def test_what_the_machine_lacks_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(linux_guest, "PLACES", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="there is no busybox on this machine, to build a small"):
        linux_guest.build(tmp_path / "linux.qcow2")
    assert not (tmp_path / "linux.qcow2").exists()


@needs_linux
def test_it_is_built_from_the_command_line(tmp_path):
    file = tmp_path / "my.qcow2"
    told = subprocess.run(
        [sys.executable, "-m", "simnova", "images", "build", "linux", file],
        capture_output=True,
        text=True,
        env={**os.environ},
    )
    assert told.stdout == f'{file}: cloud.images.add("{file}")\n'
    assert file.read_bytes()[:4] == b"QFI\xfb"


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """The file of a key with which one gets in; None where this machine has no ssh."""
    if not (shutil.which("ssh") and shutil.which("ssh-keygen") and linux_guest.has_ssh()):
        return None
    made = tmp_path_factory.mktemp("ssh") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", made], check=True)
    return made


@pytest.fixture(scope="module")
def public(key):
    return key.with_suffix(".pub").read_text().strip() if key else KEY


@pytest.fixture(scope="module")
def linux(machines, public):
    """A Linux that has come up; to start one takes a while."""
    with Cloud(machines.hosts) as cloud:
        server = boot(cloud, public, metadata={"role": "db"}, host="compute1")
        written(server, "web login: ")
        yield server


@needs_linux
def test_it_gets_its_address_by_dhcp_and_all_else_from_the_metadata_service(linux, public):
    told = written(linux, "web login: ")
    assert f"{linux.addresses[0]}/16" in told
    assert f'"uuid": "{linux.id}"' in told
    assert '"meta": {"role": "db"}' in told
    assert f"simnova: key {public[:40]}" in told
    assert "the script says web" in told
    asked = [event.data["path"] for event in linux.cloud.journal if event.kind == "http.request"]
    assert asked.count("/openstack/latest/user_data") == 1


@needs_linux
def test_whoever_has_the_key_logs_in_and_others_of_the_network_reach_it_also_when_it_has_moved(
    linux, key
):
    cloud, [address] = linux.cloud, linux.addresses
    if key:
        assert logged_in(linux.forward(22), key, "hostname; ip route") == [
            "web",
            "default via 10.0.0.1 dev eth0",
            f"10.0.0.0/16 dev eth0 scope link  src {address}",
            "169.254.169.254 via 10.0.0.1 dev eth0",
        ]
    ping = f"#!/bin/sh\nping -c 1 -W 5 {address}\n"
    other = {"flavor": "m1.tiny", "image": "linux", "host": "compute2", "user_data": ping}
    neighbour = cloud.boot("neighbour", **other).wait()
    told = written(neighbour, "neighbour login: ")
    assert "1 packets transmitted, 1 packets received" in told
    neighbour.delete()
    cloud.run(cloud.now + 20)  # metadata are remembered by address, and the next card gets this one
    linux.live_migrate()
    cloud.run()
    assert (linux.host, linux.status) == ("compute2", "ACTIVE")
    if key:
        page = "wget -q -O - http://169.254.169.254/latest/meta-data/local-ipv4"
        assert logged_in(linux.forward(22), key, page) == [address]
    with cloud.fork() as twin:
        assert twin.servers["web"].metadata()["uuid"] == linux.id


def logged_in(port, key, command):
    """What a command prints in the guest, line by line."""
    options = ("UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "LogLevel=ERROR")
    said = [word for option in options for word in ("-o", option)]
    whole = ["ssh", *said, "-i", key, "-p", str(port), "root@127.0.0.1", command]
    done = subprocess.run(whole, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [line.strip() for line in done.stdout.splitlines()]


def port_of(cloud, address):
    sql = f"SELECT port_id FROM neutron.ipallocations WHERE ip_address = '{address}'"
    return cloud.sql(sql).rows[0][0]


def leased(server, card, mark):
    """What the guest's DHCP client says of a card that has come while it ran."""
    dhcp = "-n -q -t 5 -T 1 -s /usr/share/udhcpc/default.script"
    server.type(f"ip link set {card} up; udhcpc -i {card} {dhcp}; echo $(({mark}+1)) done\n")
    return server.expect(f"{mark + 1} done").rpartition("ip link set")[2]


@needs_linux
def test_a_card_that_comes_later_is_neutrons_too_and_goes_again_while_the_guest_runs(linux):
    """And a guest whose cards have come and gone moves with those that it has."""
    cloud, there = linux.cloud, linux.host
    linux.type("root\n")
    linux.expect("/ # ")
    linux.attach_interface()
    cloud.run()
    first, second = linux.addresses
    linux.type("ip link set eth0 down\n")
    assert f"lease of {second} obtained" in leased(linux, "eth1", 41)
    linux.type("wget -q -O - 169.254.169.254/latest/meta-data/local-ipv4; echo\n")
    linux.expect(f"\r\n{first}\r\n")
    linux.detach_interface(port_of(cloud, first))
    cloud.run()
    assert linux.addresses == [second]
    linux.type("ls /sys/class/net; echo $((51+1)) done\n")
    assert "eth0" not in linux.expect("52 done").rpartition("echo $((51+1))")[2]

    linux.live_migrate()
    cloud.run()
    assert linux.status == "ACTIVE"
    assert linux.host != there
    assert f"lease of {second} obtained" in leased(linux, "eth1", 61)
    linux.detach_interface(port_of(cloud, second))
    cloud.run()
    assert linux.addresses == []
    assert driver_of(linux).wires.switch.wires == []
