"""The libvirt driver on the test hypervisor, and where libvirt is not as it should be."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import time
from pathlib import Path

import pytest

from simnova import Cloud, Host
from simnova.exceptions import UsageError
from simnova.kernel.clock import Clock
from simnova.nova import exception
from simnova.nova.objects.states import PowerState
from simnova.nova.virt.driver import Resources
from simnova.nova.virt.libvirt import filters, guest, leftovers, wires
from simnova.nova.virt.libvirt.driver import LibvirtDriver
from simnova.nova.virt.libvirt.host import NODE, Domain, library

from .conftest import Compute, libvirt, server

pytestmark = pytest.mark.libvirt


def at(uri, run_id="run-1", timeout=10.0):
    def make(clock, host):
        return LibvirtDriver(clock, host, uri, run_id, Resources(4, 8192, 50), timeout=timeout)

    return Compute(make, Clock(), "compute1")


@pytest.fixture
def compute():
    compute = Compute(libvirt, Clock(), "compute1")
    compute.run(compute.driver.init_host("compute1"))
    yield compute
    compute.driver.close()


def connection(compute):
    return compute.inner.hypervisor._connection


def test_the_domain_is_the_one_that_the_journal_shows_with_the_clouds_mark(compute):
    compute.spawn(server())

    domain = connection(compute).lookupByName("instance-00000001")
    assert domain.UUIDString() == server().uuid
    assert domain.maxMemory() == 2048 * 1024
    assert domain.maxVcpus() == 1
    assert 'run="run-1"' in domain.metadata(2, "urn:simnova")
    assert '<nova:flavor name="m1.small" id="2">' in domain.XMLDesc()
    assert "run-1" not in str([event.data for event in compute.clock.journal])


def test_disks_are_thin_overlays_on_one_raw_base_image(compute):
    compute.spawn(server(1))
    compute.spawn(server(2))

    pool = connection(compute).storagePoolLookupByName("instances")
    base = [name for name in pool.listVolumes() if name.startswith("_base/")]
    assert len(base) == 1
    for number in (1, 2):
        volume = pool.storageVolLookupByName(f"{server(number).uuid}/disk")
        assert volume.path() == f"/var/lib/nova/instances/{server(number).uuid}/disk"
        assert volume.info()[1:] == [20 * 1024**3, 0]
        assert f"<path>/var/lib/nova/instances/{base[0]}</path>" in volume.XMLDesc()
    assert "<format type='raw'/>" in pool.storageVolLookupByName(base[0]).XMLDesc()


def test_destroy_removes_the_disk_and_keeps_the_base_image(compute):
    compute.spawn(server())
    compute.run(compute.driver.destroy(compute.context, server()))

    left = connection(compute).storagePoolLookupByName("instances").listVolumes()
    assert [name.split("/")[0] for name in left] == ["_base"]


class Leaving:
    """A host whose guest goes off by itself just after it said that it runs."""

    def __init__(self, real):
        self.real = real

    def lookupByUUIDString(self, uuid):  # noqa: N802, libvirt's name
        return Leaving(self.real.lookupByUUIDString(uuid))

    def isActive(self):  # noqa: N802, libvirt's name
        running = self.real.isActive()
        if running:
            self.real.destroy()
        return running

    def __getattr__(self, name):
        return getattr(self.real, name)


def test_a_guest_that_has_gone_off_has_no_number_any_more(compute):
    """Or a soft reboot would be taken for one that failed, and its end for news."""
    compute.spawn(server())
    known, other = (connection(compute).lookupByName(server().name) for _ in range(2))
    other.destroy()
    assert guest.info(known) == (PowerState.SHUTDOWN, None)


@pytest.mark.parametrize("step", [guest.poweroff, guest.shutdown])
def test_a_guest_that_goes_off_by_itself_meanwhile_is_off(compute, step):
    """Nova takes libvirt's "domain is not running" for an answer (`_destroy`)."""
    compute.spawn(server())

    about = Domain("run-1", server().uuid, server().name, Path())
    state, number = step(Leaving(connection(compute)), about, {})
    assert (state, number) == (PowerState.SHUTDOWN, None)


def test_a_node_file_of_ones_own_gives_the_host_its_size(tmp_path):
    file = tmp_path / "node.xml"
    file.write_text(NODE.format(vcpus=3, kib=4096 * 1024))
    compute = at(f"test://{file}")
    compute.run(compute.driver.init_host("compute1"))

    resources = compute.resources()
    assert (resources["vcpus"], resources["memory_mb"]) == (3, 4096)
    compute.spawn(server())
    assert compute.state(server()) == PowerState.RUNNING


FOREIGN = """<domain type='test'>
  <name>{name}</name><uuid>{uuid}</uuid><memory>1024</memory><os><type>hvm</type></os>
</domain>"""


@pytest.mark.parametrize(
    ("name", "uuid"),
    [("instance-00000001", server(9).uuid), ("somebodys", server(1).uuid)],
)
def test_a_foreign_domain_is_refused_unseen_and_untouched(compute, name, uuid):
    foreign = connection(compute).defineXML(FOREIGN.format(name=name, uuid=uuid))
    foreign.create()
    before = foreign.XMLDesc()

    with pytest.raises(exception.InstanceExists, match="not this cloud's and is left alone"):
        compute.spawn(server(1))
    assert compute.run(compute.driver.list_instances()) == []
    compute.run(compute.driver.destroy(compute.context, server(1)))
    with pytest.raises(exception.InstanceNotFound):
        compute.run(compute.driver.power_off(server(1)))
    assert connection(compute).lookupByName(name).XMLDesc() == before


def test_of_two_clouds_with_the_same_seed_the_second_gets_other_names(compute):
    compute.spawn(server())
    hypervisor, uuid, name = compute.inner.hypervisor, server().uuid, "instance-00000001"
    [xml] = [e.data["xml"] for e in compute.clock.journal if e.data.get("step") == "define"]
    before = connection(compute).lookupByUUIDString(uuid).XMLDesc()

    hypervisor.mark = "run-2"
    for step in (guest.define, guest.redefine, guest.launch):
        hypervisor.at_once(step, uuid, name, xml=xml)
    assert hypervisor.at_once(guest.listing) == [[name, uuid]]
    with pytest.raises(exception.InstanceExists):
        hypervisor.at_once(guest.define, uuid, name, xml=xml)
    second = hypervisor.at_once(guest.called, uuid, name)
    assert second[0] == "instance-00000001-run-2"
    assert second[1] != uuid
    assert compute.state(server()) == PowerState.RUNNING
    hypervisor.at_once(guest.poweroff, uuid, name)

    hypervisor.mark = "run-1"
    assert compute.state(server()) == PowerState.RUNNING
    assert hypervisor.at_once(guest.called, uuid, name) == [name, uuid]
    assert connection(compute).lookupByUUIDString(uuid).XMLDesc() == before
    with pytest.raises(exception.MigrationPreCheckError, match="there is another guest called"):
        hypervisor.at_once(guest.refuse_arrival, called=[name, server(7).uuid])
    hypervisor.at_once(guest.refuse_arrival, called=["instance-00000007", server(7).uuid])


def test_closing_removes_this_clouds_domains_and_no_others(compute):
    shared = "test:///default"  # one world for the whole process, so that one can look afterwards
    looking = library().open(shared)
    there = {domain.name() for domain in looking.listAllDomains()}
    compute.inner.hypervisor._connection = library().open(shared)
    compute.spawn(server(1))
    compute.spawn(server(2))
    compute.run(compute.driver.suspend(compute.context, server(2)))
    assert len(looking.listAllDomains()) == len(there) + 2
    compute.driver.close()

    assert {domain.name() for domain in looking.listAllDomains()} == there
    assert there  # libvirt's own guest "test"
    looking.close()


def test_a_spawn_that_libvirt_refuses_leaves_nothing(compute):
    impossible = server()
    impossible.flavor = impossible.flavor.__class__(name="none", vcpus=0, memory_mb=64, root_gb=1)

    with pytest.raises(exception.InternalError) as caught:
        compute.spawn(impossible)
    assert caught.value.kwargs["libvirt_code"] > 0
    assert connection(compute).listAllDomains() == []
    left = connection(compute).storagePoolLookupByName("instances").listVolumes()
    assert not [name for name in left if not name.startswith("_base/")]


# --- where libvirt is not as it should be ---


def test_a_call_that_hangs_times_out_and_the_cloud_goes_on(tmp_path):
    fifo = tmp_path / "node.xml"
    os.mkfifo(fifo)  # opening it blocks until somebody writes
    compute = at(f"test://{fifo}", timeout=0.3)
    started = time.perf_counter()

    with pytest.raises(exception.HypervisorUnavailable, match=r"did not answer within 0\.3 s"):
        compute.run(compute.driver.init_host("compute1"))
    assert 0.25 < time.perf_counter() - started < 3
    before = compute.clock.now
    compute.run(compute.clock.sleep(5))
    assert compute.clock.now == before + 5
    fifo.write_text(NODE.format(vcpus=1, kib=1024))


@pytest.mark.parametrize("uri", ["qemu+tcp://127.0.0.1:1/system", "qemu+unix:///system?socket=/no"])
def test_a_hypervisor_that_does_not_answer_is_unavailable(uri):
    compute = at(uri)

    with pytest.raises(exception.HypervisorUnavailable) as caught:
        compute.run(compute.driver.init_host("compute1"))
    assert str(caught.value).startswith("Connection to the hypervisor is broken on host: qemu+")
    assert caught.value.kwargs["libvirt_code"] > 0
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("qemu+carrier-pigeon:///system", "unknown transport of a libvirt URI 'carrier-pigeon'"),
        ("qemu+ssh://nova@compute7/system", r"is on compute7: a real guest's files are made here"),
        ("qemu+tcp://192.0.2.1/system", "is on 192.0.2.1"),
        ("qemu+tcp://127.0.0.1:many/system", "Port could not be cast"),
        ("qemu://", "names no QEMU: end it in /session"),
        ("qemu:///embed", "an embedded QEMU needs a folder"),
    ],
)
def test_a_uri_that_cannot_work_is_refused_before_anything_is_touched(uri, said):
    with pytest.raises(UsageError, match=said):
        at(uri)


@pytest.mark.parametrize("where", ["127.0.0.1", "127.1.2.3", "[::1]", "localhost", platform.node()])
def test_this_machine_has_many_names(where):
    assert at(f"qemu+tcp://{where}/system").inner.hypervisor.uri.endswith("/system")


def test_ssh_asks_nobody_and_says_that_no_server_answers():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        compute = at(f"qemu+ssh://127.0.0.1:{nobody.getsockname()[1]}/system")
        with pytest.raises(exception.HypervisorUnavailable) as caught:
            compute.run(compute.driver.init_host("compute1"))
    assert compute.inner.hypervisor.uri.endswith("/system?no_tty=1")
    assert "no ssh server answers there" in str(caught.value) or not shutil.which("ssh")
    assert "\n" not in str(caught.value)


def test_a_server_that_listens_and_says_nothing_does_not_hang_the_notebook():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        compute = at(f"qemu+tcp://127.0.0.1:{silent.getsockname()[1]}/system", timeout=0.5)
        with pytest.raises(exception.HypervisorUnavailable, match=r"did not answer within 0\.5 s"):
            compute.run(compute.driver.init_host("compute1"))
        with pytest.raises(exception.HypervisorUnavailable, match=r"no answer within 0\.5 s"):
            compute.inner.hypervisor.at_once(guest.listing)


@pytest.mark.parametrize(
    ("drivers", "said"),
    [
        (["qemu:///session"] * 2, r"two hosts have 'qemu:///session': .* .simnova hosts up 2."),
        (["qemu:///embed?root=/a", "qemu:///embed?root=/b"], "one Python can embed one QEMU"),
    ],
)
def test_two_hosts_cannot_be_one_hypervisor(drivers, said):
    with pytest.raises(UsageError, match=said):
        Cloud([Host(f"compute{number}", driver=uri) for number, uri in enumerate(drivers)])
    cloud = Cloud(1)
    cloud.add_host(Host("real", driver="test:///"))
    cloud.add_host(Host("real2", driver="test:///"))
    cloud.close()


@pytest.mark.parametrize("uri", ["tset:///", "http://localhost", "compute1"])
def test_what_is_no_libvirt_uri_is_refused_where_it_is_asked_for(uri):
    with pytest.raises(UsageError, match=r"unknown libvirt URI scheme|is no libvirt URI"):
        at(uri)


def test_a_file_that_is_not_there_is_named(capfd):
    compute = at("test:///no/such/node.xml")

    with pytest.raises(UsageError, match=r"no such file '/no/such/node\.xml'"):
        compute.run(compute.driver.init_host("compute1"))
    assert capfd.readouterr().err == ""


def test_without_libvirt_python_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "libvirt", None)
    compute = at("test:///")

    with pytest.raises(
        UsageError, match=r"libvirt-python is not installed: pip install 'simnova\["
    ):
        compute.run(compute.driver.init_host("compute1"))


def test_newer_qemus_are_told_in_milliseconds_when_to_look_for_a_wire_again():
    for version, told in ((7_002_022, "reconnect=1"), (10_000_000, "reconnect-ms=1000")):
        lines = list(filters.arguments("fa:16:3e:01:02:03", Path("/h"), version))
        sockets = [line for line in lines if line.startswith("socket,")]
        assert len(sockets) == 3
        assert all(line.endswith(f",{told}") for line in sockets)


def test_a_long_host_name_leaves_room_for_sockets(monkeypatch):
    long = "compute-0017.rack-4.row-b.dc-2.example.org" * 3
    places = [at_host(f"{long}{number}").directory for number in (1, 2)]
    assert places[0] != places[1]
    assert len(str(wires.socket_of(places[0], "fa163e010203", wires.OUT))) < 108
    monkeypatch.setattr(leftovers, "state", lambda: Path("/home") / ("x" * 60))
    with pytest.raises(UsageError, match="too long for the sockets of guests: set XDG_STATE_HOME"):
        at_host("compute1")


def at_host(name):
    resources = Resources(4, 8192, 50)
    return LibvirtDriver(Clock(), name, "qemu:///session", "0123456789abcdef", resources).hypervisor


def test_only_a_directory_of_a_run_is_ever_removed(tmp_path):
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(ValueError, match="is no directory of a run's"):
        leftovers.remove(tmp_path)
    assert (tmp_path / "mine").exists()


# --- replay ---


def script(compute):
    compute.run(compute.driver.init_host("compute1"))
    compute.spawn(server(1))
    compute.run(compute.driver.pause(server(1)))
    with pytest.raises(exception.InstanceNotFound):
        compute.state(server(2))
    compute.resources()
    compute.run(compute.driver.destroy(compute.context, server(1)))


def test_a_replay_touches_no_hypervisor_and_writes_the_same_journal(monkeypatch, compute):
    first = at("test:///")
    script(first)
    again = at("test:///", run_id="run-2")
    again.clock.real.replay(first.clock.real.measured)
    monkeypatch.setitem(sys.modules, "libvirt", None)
    script(again)

    assert [e.digest() for e in again.clock.journal] == [e.digest() for e in first.clock.journal]
    assert again.inner.hypervisor._connection is None
    monkeypatch.undo()
    first.driver.close()
    again.driver.close()
