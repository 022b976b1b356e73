"""Real guests through the whole of Nova: every operation on a server, and what the machine has of it then."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from life import LIFE

from simnova import Cloud, Host
from simnova.nova.virt.imagecache import get_cache_fname
from simnova.nova.virt.libvirt import daemon, leftovers
from simnova.nova.virt.tiny_guest import LOGIN

from .conftest import guests, log_of, soon, up


def files(cloud, host):
    """What the cloud has on a host, by name."""
    directory = cloud.assembly.drivers[host].driver.hypervisor.directory
    found = (path for path in directory.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(directory)) for path in found)


def test_a_server_boots_to_a_guest_that_asks_for_a_login(cloud, server):
    assert LOGIN in server.console_output()
    assert guests(cloud)[server.host] == [server.id]
    base = f"_base/{get_cache_fname(cloud.images['cirros'].id)}"
    own = [f"{server.id}/console.log", f"{server.id}/disk"]
    assert files(cloud, server.host) == sorted([base, *own])
    server.delete()
    cloud.run()
    assert guests(cloud)[server.host] == []
    assert files(cloud, server.host) == [base]


def test_a_servers_whole_life(cloud, server):
    for operation, status in LIFE.items():
        getattr(server, operation)()
        cloud.run()
        assert (server.status, server.task_state, server.fault) == (status, None, None), operation
        if status in ("ACTIVE", "RESCUE") and operation != "resume":  # its log begins anew
            up(server)
    server.delete()
    cloud.run()
    assert guests(cloud) == {"compute1": [], "compute2": []}


def test_a_guest_keeps_its_memory_over_a_suspension_and_not_over_a_stop(cloud, server):
    domain = cloud.assembly.drivers[server.host].driver.connection.lookupByUUIDString(server.id)
    server.suspend()
    cloud.run()
    assert (domain.isActive(), domain.hasManagedSaveImage()) == (0, 1)
    server.resume()
    cloud.run()
    assert (domain.isActive(), domain.hasManagedSaveImage()) == (1, 0)
    assert LOGIN not in log_of(cloud.assembly.drivers[server.host].driver, server)
    server.reboot("HARD")
    cloud.run()
    up(server)


def test_a_stop_is_a_shutdown_that_the_guest_carries_out_itself(cloud, server):
    server.stop()
    cloud.run()
    assert "Power down" in server.console_output()


def test_a_server_moves_with_its_disk_and_back(cloud, server):
    source = server.host
    server.migrate()
    cloud.run()
    assert (server.status, server.host != source) == ("VERIFY_RESIZE", True)
    up(server)
    assert f"{server.id}_resize/disk" in files(cloud, source)
    server.revert_resize()
    cloud.run()
    assert (server.status, server.host) == ("ACTIVE", source)
    up(server)
    assert [file for one in guests(cloud) for file in files(cloud, one) if "_resize" in file] == []
    other = next(host for host in guests(cloud) if host != source)
    assert guests(cloud) == {source: [server.id], other: []}


def test_a_resize_that_is_confirmed_leaves_nothing_behind(cloud, server):
    source = server.host
    server.resize("m1.small")
    cloud.run()
    up(server)
    server.confirm_resize()
    cloud.run()
    domain = cloud.assembly.drivers[server.host].driver.connection.lookupByUUIDString(server.id)
    assert domain.maxMemory() == 2048 * 1024
    assert domain.blockInfo("vda")[0] == 20 * 1024**3
    if server.host != source:
        assert guests(cloud)[source] == []
    assert not [file for one in guests(cloud) for file in files(cloud, one) if "_resize" in file]


@pytest.mark.parametrize("off", [False, True], ids=["live", "cold"])
def test_a_snapshot_boots(cloud, server, off):
    if off:
        server.stop()
        cloud.run()
    server.create_image("snap")
    cloud.run()
    held = next(image for image in cloud.images.rows() if image["name"] == "snap")
    assert (held["status"], held["disk_format"]) == ("active", "qcow2")
    twin = cloud.boot("twin", flavor="m1.tiny", image="snap").wait()
    up(twin)
    assert server.status == ("SHUTOFF" if off else "ACTIVE")


def test_a_card_can_be_plugged_into_a_guest_that_runs(cloud, server):
    driver = cloud.assembly.drivers[server.host].driver
    domain = driver.connection.lookupByUUIDString(server.id)
    server.attach_interface()
    cloud.run()
    assert len(server.addresses) == 2
    assert domain.XMLDesc().count("<interface type='user'>") == 2
    server.suspend()
    cloud.run()
    server.resume()
    cloud.run()
    assert server.status == "ACTIVE"
    assert domain.XMLDesc().count("filter-redirector,id=filter-out-") == 2
    server.stop()
    cloud.run()
    server.start()
    cloud.run()
    up(server)
    assert domain.XMLDesc().count("filter-redirector,id=filter-out-") == 2


def test_a_card_can_be_pulled_out_of_a_guest_that_is_off(cloud, server):
    server.stop()
    cloud.run()
    driver = cloud.assembly.drivers[server.host].driver
    [port] = cloud.sql("SELECT id FROM neutron.ports").rows[0]
    server.detach_interface(port)
    cloud.run()
    assert server.addresses == []
    xml = driver.connection.lookupByUUIDString(server.id).XMLDesc()
    assert "<interface" not in xml


def test_a_guest_that_does_not_let_go_of_its_card_keeps_it(cloud, server):
    """The tiny guest knows nothing of cards: it answers no request to let go of one."""
    cloud.set("libvirt.device_detach_attempts", 2)
    cloud.set("libvirt.device_detach_timeout", 1)
    [port] = cloud.sql("SELECT id FROM neutron.ports").rows[0]
    server.detach_interface(port)
    cloud.run()
    assert len(server.addresses) == 1
    assert "Device detach failed for fa:16:3e:" in str(cloud.log())


def test_a_server_is_evacuated_from_a_host_that_is_lost_and_its_old_guest_goes(
    machines_of_ones_own,
):
    machines = machines_of_ones_own
    with Cloud(machines.hosts) as cloud:
        server = cloud.boot("web", flavor="m1.tiny", host="compute1").wait()
        cloud.run()
        machines["compute1"].kill()
        cloud.crash("nova-compute@compute1")
        cloud.services.force_down("compute1")
        server.evacuate()
        cloud.run()
        assert server.host == "compute2"
        server.start()
        cloud.run()
        up(server)
        machines["compute1"].revive()
        cloud.start("nova-compute@compute1")
        cloud.run()
        assert guests(cloud) == {"compute1": [], "compute2": [server.id]}


EMBEDDED = """
import sys, time
from simnova import Cloud, Host
with Cloud([Host("compute1", driver=f"qemu:///embed?root={sys.argv[1]}")]) as cloud:
    server = cloud.boot("web", flavor="m1.tiny").wait()
    deadline = time.monotonic() + 10
    while "login: " not in server.console_output() and time.monotonic() < deadline:
        time.sleep(0.01)
    print(server.status, "login: " in server.console_output())
"""


def test_qemu_inside_the_process_needs_no_daemon():
    """A process of its own: where libvirt's drivers are inside, they answer all its URIs."""
    root = Path(tempfile.mkdtemp(prefix="emb", dir="/tmp"))
    (root / "etc").mkdir()
    who = '"root"' if not os.getuid() else f'"+{os.getuid()}"'
    (root / "etc" / "qemu.conf").write_text(f"user = {who}\ngroup = {who}\nremember_owner = 0\n")
    known = root / "cache" / "qemu" / "cache"
    if daemon.cache().is_dir():
        known.mkdir(parents=True)
        shutil.copytree(daemon.cache(), known / "capabilities")
    ran = subprocess.run(
        [sys.executable, "-c", EMBEDDED, str(root)], capture_output=True, text=True, timeout=60
    )
    shutil.rmtree(root)
    if "Failed to parse user 'libvirt-qemu'" in ran.stderr:
        pytest.skip("root's guests run as libvirt-qemu, whom only libvirt-daemon-system brings")
    assert ran.stdout == "ACTIVE True\n", ran.stderr


def test_the_domain_is_novas_with_what_this_machine_needs(cloud, server):
    driver = cloud.assembly.drivers[server.host].driver
    xml = driver.connection.lookupByUUIDString(server.id).XMLDesc()
    assert "<nova:name>web</nova:name>" in xml
    assert f"<entry name='serial'>{server.id}</entry>" in xml
    assert f"<source file='{driver.hypervisor.directory}/{server.id}/disk'" in xml
    told = next(event.data["xml"] for event in cloud.journal if event.data.get("step") == "define")
    assert f'<source file="/var/lib/nova/instances/{server.id}/disk" />' in told
    assert "simnova" not in told


def test_ten_at_once_overlap(machines):
    with Cloud(machines.hosts) as cloud:
        began = time.monotonic()
        made = cloud.submit("many", flavor="m1.tiny", count=10)
        cloud.run()
        assert [one.status for one in made.servers] == ["ACTIVE"] * 10
        for one in made.servers:
            up(one)
        assert time.monotonic() - began < 12  # on two idle cores 3


def test_a_cloud_leaves_nothing_when_it_is_closed(machines):
    with Cloud(machines.hosts) as cloud:
        cloud.boot("web", flavor="m1.tiny").wait()
        connections = [door.driver.connection for door in cloud.assembly.drivers.values()]
        place = leftovers.directory(cloud._run_id)
        assert place.is_dir()
    assert not place.exists()
    for one in machines:
        assert _domains(one.uri) == []
    assert not any(one.isAlive() for one in connections if one is None)


def _domains(uri):
    from simnova.nova.virt.libvirt.host import library

    return library().open(uri).listAllDomains()


def test_a_fork_replays_without_touching_the_guest_and_goes_on_simulated(cloud, server):
    twin = cloud.fork()
    assert [one.digest() for one in twin.journal] == [one.digest() for one in cloud.journal]
    twin.servers["web"].delete()
    twin.run()
    twin.close()
    assert guests(cloud)[server.host] == [server.id]


def test_a_real_host_beside_a_simulated_one(machines):
    with Cloud([machines.hosts[0], Host("numbers")]) as cloud:
        real = cloud.boot("real", flavor="m1.tiny", host="compute1").wait()
        simulated = cloud.boot("simulated", flavor="m1.tiny", host="numbers").wait()
        up(real)
        assert (real.host, simulated.host) == ("compute1", "numbers")


def test_a_console_shows_only_its_end(cloud, server):
    driver = cloud.assembly.drivers[server.host].driver
    log = Path(driver.hypervisor.directory) / server.id / "console.log"
    with log.open("ab") as file:
        file.write(b"x" * 200_000 + b"\nthe end\n")
    assert soon(lambda: server.console_output().endswith("the end\n"))
    assert len(server.console_output()) == 100 * 1024
