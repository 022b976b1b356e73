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
    driver = server.cloud.assembly.drivers[server.host].driver
    assert soon(lambda: text in log_of(driver, server), seconds), log_of(driver, server)
    return log_of(driver, server)


def boot(cloud, key=KEY, **more):
    cloud.images.add_linux()
    cloud.keypairs.create("mine", key)
    given = {"flavor": "m1.tiny", "image": "linux", "key_name": "mine", "user_data": SCRIPT}
    return cloud.boot("web", **{**given, **more}).wait()


@needs_linux
@pytest.mark.parametrize("kind", ["iso9660", "vfat"])
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


@needs_linux
def test_it_gets_its_address_by_dhcp_and_all_else_from_the_metadata_service(machines, tmp_path):
    """And whoever has the key can log in, and another of the network reaches it."""
    ssh, key = shutil.which("ssh"), tmp_path / "key"
    if ssh and shutil.which("ssh-keygen") and linux_guest.has_ssh():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]
        subprocess.run(command, check=True)
    with Cloud(machines.hosts) as cloud:
        public = key.with_suffix(".pub").read_text().strip() if key.exists() else KEY
        server = boot(cloud, public, metadata={"role": "db"}, host="compute1")
        told = written(server, "web login: ")
        assert f"{server.addresses[0]}/16" in told
        assert f'"uuid": "{server.id}"' in told
        assert '"meta": {"role": "db"}' in told
        assert f"simnova: key {public[:40]}" in told
        assert "the script says web" in told
        asked = [event.data["path"] for event in cloud.journal if event.kind == "http.request"]
        assert asked.count("/openstack/latest/user_data") == 1
        if key.exists():
            assert logged_in(server.forward(22), key, "hostname; ip route") == [
                "web",
                "default via 10.0.0.1 dev eth0",
                f"10.0.0.0/16 dev eth0 scope link  src {server.addresses[0]}",
                "169.254.169.254 via 10.0.0.1 dev eth0",
            ]
        ping = f"#!/bin/sh\nping -c 1 -W 5 {server.addresses[0]}\n"
        other = {"flavor": "m1.tiny", "image": "linux", "host": "compute2", "user_data": ping}
        neighbour = cloud.boot("neighbour", **other).wait()
        told = written(neighbour, "neighbour login: ")
        assert "1 packets transmitted, 1 packets received" in told
        server.live_migrate()
        cloud.run()
        assert (server.host, server.status) == ("compute2", "ACTIVE")
        if key.exists():
            page = "wget -q -O - http://169.254.169.254/latest/meta-data/local-ipv4"
            assert logged_in(server.forward(22), key, page) == server.addresses
        with cloud.fork() as twin:
            assert twin.servers["web"].metadata()["uuid"] == server.id


def logged_in(port, key, command):
    """What a command prints in the guest, line by line."""
    options = ("UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "LogLevel=ERROR")
    said = [word for option in options for word in ("-o", option)]
    whole = ["ssh", *said, "-i", key, "-p", str(port), "root@127.0.0.1", command]
    done = subprocess.run(whole, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [line.strip() for line in done.stdout.splitlines()]


@needs_linux
def test_a_card_that_comes_later_is_neutrons_too_and_goes_again_while_the_guest_runs(machines):
    with Cloud([machines.hosts[0]]) as cloud:
        server = boot(cloud)
        written(server, "web login: ")
        server.type("root\n")
        server.attach_interface()
        cloud.run()
        first, second = server.addresses
        dhcp = "-n -q -t 5 -T 1 -s /usr/share/udhcpc/default.script"
        server.type("ip link set eth0 down; ip link set eth1 up\n")
        server.type(f"udhcpc -i eth1 {dhcp}; echo $((40+2)) done\n")
        told = server.expect("42 done", seconds=30)
        assert f"lease of {second} obtained" in told
        server.type("wget -q -O - 169.254.169.254/latest/meta-data/local-ipv4; echo\n")
        server.expect(f"\r\n{first}\r\n")
        [port] = cloud.sql(
            f"SELECT port_id FROM neutron.ipallocations WHERE ip_address = '{second}'"
        ).rows[0]
        server.detach_interface(port)
        cloud.run()
        assert server.addresses == [first]
        server.type("ls /sys/class/net; echo $((41+2)) done\n")
        assert "eth1" not in server.expect("43 done").rpartition("echo $((41+2))")[2]


@needs_linux
@pytest.mark.thorough
def test_a_guest_whose_cards_have_come_and_gone_moves_while_it_runs(machines):
    with Cloud(machines.hosts) as cloud:
        server = boot(cloud, host="compute1")
        written(server, "web login: ")
        server.attach_interface()
        cloud.run()
        [port] = cloud.sql(
            f"SELECT port_id FROM neutron.ipallocations WHERE ip_address = '{server.addresses[0]}'"
        ).rows[0]
        server.detach_interface(port)
        cloud.run()
        [left] = server.addresses
        server.live_migrate()
        cloud.run()
        assert (server.host, server.status) == ("compute2", "ACTIVE")
        server.type("root\n")
        dhcp = "-n -q -t 5 -T 1 -s /usr/share/udhcpc/default.script"
        server.type(f"ip link set eth1 up; udhcpc -i eth1 {dhcp}; echo $((40+2)) done\n")
        assert f"lease of {left} obtained" in server.expect("42 done", seconds=30)
        [port] = cloud.sql("SELECT id FROM neutron.ports").rows[0]
        server.detach_interface(port)
        cloud.run()
        assert server.addresses == []
        assert cloud.assembly.drivers["compute2"].driver.wires.switch.wires == []
