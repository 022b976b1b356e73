"""A whole cloud with libvirt hosts in it: the same boot as on simulated ones, and no trace of it afterwards."""

from __future__ import annotations

import subprocess
import sys

import pytest

from simnova import Cloud, Host, UsageError
from simnova.nova.virt.libvirt.driver import node_info
from simnova.nova.virt.libvirt.host import library
from simnova.nova.virt.simulated import SimulatedDriver
from simnova.observe.compare import side_by_side
from simnova.observe.recording import lines

UNANSWERED = "qemu+tcp://127.0.0.1:1/system"


def cloud_of(driver=None, **more):
    small = Host("compute2", memory_mb=8192)
    return Cloud(hosts=[Host("compute1", driver=driver), small], **more)


def booted(driver=None, *, config=None, **request):
    cloud = cloud_of(driver, config=config)
    cloud.boot("web", **request)
    cloud.run()
    return cloud


def hypervisor(cloud, host="compute1"):
    return cloud.assembly.drivers[host].driver.hypervisor


def domains(cloud):
    """The domains on a host, as virsh would list them."""
    return {domain.name(): domain for domain in hypervisor(cloud).connection.listAllDomains()}


def steps(cloud):
    return [event.data["step"] for event in cloud.journal if event.kind == "virt.step"]


@pytest.fixture
def real():
    with booted("test:///", host="compute1") as cloud:
        yield cloud


def test_a_server_boots_to_a_running_domain(real):
    server = real.servers["web"]
    assert (server.status, server.host) == ("ACTIVE", "compute1")
    [(name, domain)] = domains(real).items()
    assert name == server.show()["OS-EXT-SRV-ATTR:instance_name"]
    assert domain.UUIDString() == server.id
    assert domain.isActive()
    real.servers["web"].delete()
    real.run()
    assert domains(real) == {}


def test_both_kinds_of_host_in_one_cloud():
    with cloud_of("test:///") as cloud:
        real = cloud.boot("real", host="compute1").wait()
        simulated = cloud.boot("simulated", host="compute2").wait()
        assert (real.host, simulated.host) == ("compute1", "compute2")
        assert len(domains(cloud)) == 1


def test_the_lines_are_those_of_a_simulated_host(real):
    simulated = booted(host="compute1")
    assert lines(real.journal) == lines(simulated.journal)
    assert side_by_side(simulated.journal, real.journal).same
    assert steps(real) == steps(simulated)


def test_the_scheduler_decides_the_same_but_for_the_hypervisors_version():
    blind = {"filter_scheduler": {"hypervisor_version_weight_multiplier": 0.0}}
    with booted("test:///", config=blind) as real, booted(config=blind) as simulated:
        found, expected = real.decision(), simulated.decision()
        assert (found.host, found.order) == (expected.host, expected.order)
        assert found.weights == expected.weights
    with booted("test:///") as real:
        assert real.decision().host == "compute2", "the newer hypervisor weighs more"


def test_closing_leaves_what_is_others():
    shared = "test:///default"  # one world for the whole process, so that one can look afterwards
    looking = library().open(shared)
    before = {domain.name() for domain in looking.listAllDomains()}
    with cloud_of("test:///") as cloud:
        hypervisor(cloud)._connection = library().open(shared)
        cloud.boot("web", host="compute1").wait()
        names = {domain.name() for domain in looking.listAllDomains()}
        assert names == before | {"instance-00000001"}
    assert {domain.name() for domain in looking.listAllDomains()} == before
    assert before  # libvirt's own guest "test"
    looking.close()


def test_a_foreign_domain_of_that_name_costs_the_host_and_is_left_alone():
    with cloud_of("test:///") as cloud:
        foreign = hypervisor(cloud).connection.defineXML(
            "<domain type='test'><name>instance-00000001</name><memory>1024</memory>"
            "<os><type>hvm</type></os></domain>"
        )
        before = foreign.XMLDesc()
        server = cloud.boot("web", host="compute1")
        cloud.run()
        assert server.status == "ERROR"
        assert "It is not this cloud's and is left alone." in str(cloud.log())
        assert domains(cloud)["instance-00000001"].XMLDesc() == before
        foreign.undefine()


# --- time travel ---


def test_a_fork_replays_without_libvirt_and_goes_on_simulated(real, monkeypatch):
    monkeypatch.setitem(sys.modules, "libvirt", None)
    twin = real.fork()
    assert [e.digest() for e in twin.journal] == [e.digest() for e in real.journal]
    driver = twin.assembly.drivers["compute1"].driver
    assert isinstance(driver, SimulatedDriver)
    assert twin.servers["web"].status == "ACTIVE"

    second = twin.boot("second", host="compute1").wait()
    assert second.host == "compute1"
    twin.servers["web"].delete()
    twin.run()
    assert len(driver.guests) == 1
    twin.close()
    monkeypatch.undo()
    assert list(domains(real)) == ["instance-00000001"]


def test_a_fork_from_the_middle_of_a_spawn_ends_it_on_a_simulated_host(real):
    define = next(event for event in real.journal if event.data.get("step") == "define")
    twin = real.fork(at=define.seq)
    assert twin.servers["web"].status == "BUILD"
    twin.run()
    assert twin.servers["web"].status == "ACTIVE"


def test_a_fork_repeats_what_libvirt_refused(real):
    hypervisor(real).connection.defineXML(
        "<domain type='test'><name>instance-00000002</name><memory>1024</memory>"
        "<os><type>hvm</type></os></domain>"
    )
    assert real.boot("db").wait().host == "compute2"
    real.run()
    for _ in range(2):
        twin = real.fork()
        assert twin.servers["db"].host == "compute2"
        assert [e.digest() for e in twin.journal] == [e.digest() for e in real.journal]


# --- a hypervisor that is not as it should be ---


def test_a_uri_that_does_not_answer_is_one_sentence_and_the_cloud_goes_on():
    with pytest.warns(UserWarning, match="did not start") as warned:
        cloud = cloud_of(UNANSWERED)
    [sentence] = [str(one.message) for one in warned]
    assert sentence.startswith(
        "nova-compute@compute1 did not start: Connection to the hypervisor is broken on host: "
        f"{UNANSWERED}: "
    )
    assert "\n" not in sentence
    assert warned[0].filename == __file__

    server = cloud.boot("web")
    cloud.run()
    assert (server.status, server.host) == ("ACTIVE", "compute2")
    there = cloud.boot("there", host="compute1")
    cloud.run()
    assert there.status == "ERROR"
    assert there.fault.startswith("No valid host was found. No such host - host: compute1")


def test_nova_compute_says_in_its_log_why_it_ends():
    with pytest.warns(UserWarning, match="did not start"):
        cloud = cloud_of(UNANSWERED)
    [line] = cloud.log(level="CRITICAL", background=True)
    assert (line.service, line.logger) == ("nova-compute@compute1", "nova")
    assert line.message.startswith("Unhandled error: HypervisorUnavailable: Connection to the")
    assert not cloud.assembly.running["nova-compute@compute1"].alive


def test_a_fork_of_it_does_not_say_so_again():
    with pytest.warns(UserWarning, match="did not start"):
        cloud = cloud_of(UNANSWERED)
    assert list(cloud.fork().assembly.failures) == ["nova-compute@compute1"]


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("tset:///", "unknown libvirt URI scheme 'tset': did you mean 'test'?"),
        ("test:///no/such/node.xml", "no such file '/no/such/node.xml'"),
        ("qemu+ssh://far/system", "is on far: a real guest's files are made here"),
    ],
)
def test_a_uri_that_is_wrong_is_refused_where_it_is_asked_for(uri, sentence):
    with pytest.raises(UsageError, match=sentence.replace("?", r"\?")):
        cloud_of(uri)


def test_without_libvirt_python_simulated_clouds_work_and_others_say_how_to_get_it():
    script = (
        "import sys; sys.modules['libvirt'] = None\n"
        "from simnova import Cloud, Host, UsageError\n"
        "print(Cloud(hosts=1).boot('web').wait().status)\n"
        "try: Cloud(hosts=[Host('compute1', driver='test:///')])\n"
        "except UsageError as error: print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True
    )
    active, sentence = ran.stdout.splitlines()
    assert active == "ACTIVE"
    assert sentence.startswith("libvirt-python is not installed: pip install 'simnova[libvirt]'")
    assert ran.stderr == ""


def test_a_domain_is_resized_moved_and_taken_back():
    hosts = [Host(name, driver="test:///") for name in ("compute1", "compute2")]
    with Cloud(hosts, seed=0) as cloud:
        server = cloud.boot("web", flavor="m1.tiny", host="compute1").wait()
        server.migrate()
        server.wait("VERIFY_RESIZE")
        assert (server.host, where(cloud, server)) == ("compute2", ["compute1", "compute2"])
        server.confirm_resize()
        cloud.run()
        assert where(cloud, server) == ["compute2"]
        server.resize("m1.small")
        server.wait("VERIFY_RESIZE")
        server.revert_resize()
        cloud.run()
        assert (server.status, server.host, server.fault) == ("ACTIVE", "compute2", None)
        assert where(cloud, server) == ["compute2"]


def where(cloud, server):
    """The hosts on which libvirt knows the server's domain."""
    doors = cloud.assembly.drivers
    return [
        host
        for host, door in doors.items()
        if server.id in {one.UUIDString() for one in door.driver.connection.listAllDomains()}
    ]


def test_a_guest_that_ends_while_the_host_is_looked_at_counts_for_nothing(real):
    """Whenever a guest of a host is deleted, its resources are reported, while others of its guests go."""

    class Ending:
        """The host's connection, on which a guest has ended by the time it is asked how it is."""

        def __init__(self, connection):
            self.connection = connection

        def listAllDomains(self, flags):  # noqa: N802, libvirt's name
            listed = self.connection.listAllDomains(flags)
            next(domain for domain in listed if domain.name() == "brief").destroy()
            return listed

        def __getattr__(self, name):
            return getattr(self.connection, name)

    connection = hypervisor(real).connection
    connection.createXML(
        "<domain type='test'><name>brief</name><memory>1024</memory><vcpu>2</vcpu>"
        "<os><type>hvm</type></os></domain>"
    )
    before, after = (node_info(one, None, {}) for one in (connection, Ending(connection)))
    assert before["vcpus_used"] - after["vcpus_used"] == 2
