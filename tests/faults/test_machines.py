"""Machines that lose power, and disks that are slow."""

import pytest
from broken import events, logged, replays

from simnova import UsageError


def guests(cloud, host):
    return {
        guest.uuid: guest.state.name for guest in cloud.assembly.simulated(host).guests.values()
    }


def test_a_host_that_loses_power_takes_its_guests_with_it_and_nova_learns_it_late(cloud):
    server = cloud.boot("web", host="compute1").wait()
    cloud.run()
    cloud.power_off("compute1")
    assert guests(cloud, "compute1") == {server.id: "SHUTDOWN"}
    cloud.run(cloud.now + 30)
    assert (server.status, cloud.services["nova-compute@compute1"].state) == ("ACTIVE", "up")
    cloud.run(cloud.now + 40)
    assert cloud.services["nova-compute@compute1"].state == "down"
    assert replays(cloud)


def test_what_was_evacuated_is_removed_when_its_old_host_returns(cloud):
    server = cloud.boot("web", host="compute1").wait()
    cloud.run()
    cloud.power_off("compute1")
    cloud.run(cloud.now + 75)
    server.evacuate()
    cloud.run()
    assert (server.status, server.host) == ("SHUTOFF", "compute2")  # since microversion 2.95
    cloud.power_on("compute1")
    cloud.run()
    assert guests(cloud, "compute1") == {}
    assert guests(cloud, "compute2") == {server.id: "SHUTDOWN"}
    assert logged(cloud, "Destroying instance as it has been evacuated from this host")
    assert replays(cloud)


def test_a_host_that_returns_has_its_guests_defined_and_off(cloud):
    server = cloud.boot("web", host="compute1").wait()
    cloud.run()
    cloud.power_off("compute1")
    cloud.power_on("compute1")
    cloud.run(cloud.now + 5)
    assert guests(cloud, "compute1") == {server.id: "SHUTDOWN"}
    cloud.run(cloud.now + 1300)
    assert server.status == "SHUTOFF"
    server.start()
    assert server.wait().status == "ACTIVE"
    assert replays(cloud)


def test_a_build_that_is_under_way_when_the_power_goes_ends_in_error_when_it_is_back(cloud):
    server = cloud.boot("web", host="compute1")
    cloud.run(until="virt.call")
    cloud.power_off("compute1")
    cloud.run()
    assert server.status == "BUILD"
    cloud.power_on("compute1")
    cloud.run()
    assert server.status == "ERROR"


def test_a_slow_disk_makes_a_boot_take_longer(cloud):
    def seconds(name, host):
        before = cloud.now
        cloud.boot(name, host=host).wait()
        return cloud.now - before

    cloud.slow_disk("compute1", 30)
    slow, fast = seconds("slow", "compute1"), seconds("fast", "compute2")
    assert slow > 5 * fast
    assert list(cloud.faults) == ["the disk of compute1 takes 30 times as long"]
    cloud.slow_disk("compute1", 1)
    assert not cloud.faults
    assert replays(cloud)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda c: c.power_off("compute9"), "unknown host 'compute9'"),
        (
            lambda c: c.power_on("compute1"),
            r"compute1 is switched on: power_off\('compute1'\) comes first",
        ),
        (lambda c: c.slow_disk("compute1", 0), "factor=0 is no factor"),
        (lambda c: (c.power_off("compute2"), c.power_off("compute2")), "is switched off already"),
        (lambda c: c.start("nova-compute@compute2"), "compute2 is switched off: power_on"),
    ],
)
def test_what_makes_no_sense_is_told(pair, ask, said):
    with pytest.raises(UsageError, match=said):
        ask(pair)


@pytest.fixture(scope="module")
def pair():
    from simnova import Cloud

    with Cloud(hosts=2) as made:
        yield made


def test_power_that_goes_at_a_time_to_come(cloud):
    when = cloud.now + 5
    cloud.at(when).power_off("compute1")
    cloud.at(when + 5).power_on("compute1")
    cloud.run(when + 20)
    assert [event.data["verb"] for event in events(cloud, "fault")] == ["power_off", "power_on"]
    assert cloud.assembly.running["nova-compute@compute1"].alive
    assert replays(cloud)
