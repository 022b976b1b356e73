"""What an operator finds in the logs, word for word as Nova and oslo.messaging write it."""

from itertools import pairwise

import pytest

from simnova import Cloud, UsageError
from simnova.observe.logs import Log

NO_PORT = "11111111-1111-4111-8111-111111111111"


def of(log: Log, logger: str) -> list[tuple[str, str]]:
    """Level and first line of what a logger wrote."""
    return [(one.level, one.message.split("\n")[0]) for one in log if one.logger == logger]


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(hosts=2)


def booted(cloud: Cloud, name: str = "web"):
    server = cloud.boot(name)
    cloud.run()
    return server


def since(cloud: Cloud, first: int, level: str = "INFO") -> Log:
    cloud.run()
    return cloud.log(first=first, level=level)


def test_a_method_that_raises_leaves_an_error_of_the_rpc_server(cloud):
    server = booted(cloud)
    server.detach_interface(NO_PORT)
    cloud.run()
    (error,) = cloud.log(level="ERROR")
    assert error.logger == "oslo_messaging.rpc.server"
    assert error.service == f"nova-compute@{server.host}"
    first, *trace = str(error).splitlines()
    assert first.endswith(
        "Exception during message handling: nova.exception.PortNotFound: "
        f"Port {NO_PORT} is not attached"
    )
    assert trace[0].endswith("ERROR oslo_messaging.rpc.server Traceback (most recent call last):")
    assert trace[-1].endswith(f"nova.exception.PortNotFound: Port {NO_PORT} is not attached")


def test_a_driver_that_fails_is_told_of_by_the_rpc_server(cloud):
    server = booted(cloud)
    cloud.fail(server.host, "power_off")
    server.stop()
    cloud.run()
    assert of(cloud.log(level="ERROR"), "oslo_messaging.rpc.server") == [
        ("ERROR", "Exception during message handling")
    ]
    assert cloud.log(level="ERROR")[-1].error_summary.startswith("nova.exception.InternalError: ")


def test_an_expected_exception_is_no_error(cloud):
    for host in cloud.assembly.hosts:
        cloud.crash(f"nova-compute@{host}")
    cloud.run(until=cloud.now + 100)
    first = len(cloud.journal)
    cloud.boot("web")
    log = since(cloud, first, "DEBUG")
    assert of(log, "oslo_messaging.rpc.server") == [
        ("DEBUG", "Expected exception during message handling ()")
    ]


def test_both_warnings_of_a_build_that_fails(cloud):
    cloud.fail("compute1", "start")
    cloud.fail("compute2", "start")
    server = booted(cloud)
    warnings = [
        (one.message, one.instance)
        for one in cloud.log(level="WARNING")
        if one.logger == "nova.scheduler.utils" and one.level == "WARNING"
    ]
    why = (
        "Exceeded maximum number of retries. Exhausted all hosts available for retrying build "
        f"failures for instance {server.id}."
    )
    assert warnings == [
        (f"Failed to compute_task_build_instances: {why}", None),
        ("Setting instance to ERROR state.", server.id),
    ]


def test_both_warnings_of_a_move_without_a_host(cloud):
    server = booted(cloud)
    (other,) = {"compute1", "compute2"} - {server.host}
    cloud.stop(f"nova-compute@{other}")
    cloud.run(until=cloud.now + 100)
    first = len(cloud.journal)
    server.migrate()
    texts = [text for _, text in of(since(cloud, first), "nova.scheduler.utils")]
    assert texts[0].startswith("Failed to compute_task_migrate_server: No valid host was found.")
    assert texts[1] == "Setting instance to ACTIVE state."


def test_the_conductor_tells_what_the_last_host_has_said(cloud):
    cloud.fail("compute1", "start")
    cloud.fail("compute2", "start")
    booted(cloud)
    told = [text for _, text in of(cloud.log(level="ERROR"), "nova.scheduler.utils")]
    assert [text.split(": [")[0] for text in told] == [
        f"Error from last host: {host} (node {host})"
        for host in [
            one.service.split("@")[1] for one in cloud.log(level="ERROR", service="nova-compute")
        ]
    ]
    assert all("'Traceback (most recent call last):\\n'" in text for text in told)
    assert all("RescheduledException" in text for text in told)


def test_what_a_hypervisor_does_to_a_guest_is_told_as_in_nova(cloud):
    server = booted(cloud)
    expected = {
        server.stop: "Instance destroyed successfully.",
        server.start: "Instance rebooted successfully.",
        server.reboot: "Instance soft rebooted successfully.",
    }
    for operation, text in expected.items():
        first = len(cloud.journal)
        operation()
        assert of(since(cloud, first), "nova.virt.libvirt.driver")[-1] == ("INFO", text)
    (shut,) = [
        one for one in cloud.log() if one.message.startswith("Instance shutdown successfully after")
    ]
    assert shut.instance == server.id


def test_lifecycle_events_belong_to_no_request_and_a_stop_is_told_after_15_seconds(cloud):
    server = booted(cloud)
    server.pause()
    cloud.run()
    server.unpause()
    cloud.run()
    server.stop()
    cloud.run()
    off = cloud.now
    cloud.run(until=off + 20)
    events = [one for one in cloud.log() if one.message.endswith("(Lifecycle Event)")]
    assert [one.message.split()[1] for one in events] == ["Started", "Paused", "Resumed", "Stopped"]
    assert {one.context for one in events} == {"[-]"}
    assert {one.instance for one in events} == {server.id}
    assert off + 14 < events[-1].time < off + 16


def test_a_reboot_tells_of_no_stop(cloud):
    server = booted(cloud)
    server.reboot()
    cloud.run()
    cloud.run(until=cloud.now + 20)
    assert not [one for one in cloud.log() if "VM Stopped" in one.message]


def test_a_deletion_tells_of_its_network_and_its_files(cloud):
    server = booted(cloud)
    first = len(cloud.journal)
    server.delete()
    texts = [one.message for one in since(cloud, first) if one.instance == server.id]
    assert f"Deletion of /var/lib/nova/instances/{server.id}_del complete" in texts
    assert any(
        text.startswith("Took ") and text.endswith(" seconds to deallocate network for instance.")
        for text in texts
    )


@pytest.mark.parametrize(("stopped", "how"), [(False, "live"), (True, "cold")])
def test_a_snapshot_is_live_where_the_guest_runs(cloud, stopped, how):
    server = booted(cloud)
    if stopped:
        server.stop()
        cloud.run()
    first = len(cloud.journal)
    server.create_image("copy")
    assert ("INFO", f"Beginning {how} snapshot process") in of(
        since(cloud, first), "nova.virt.libvirt.driver"
    )


def test_a_long_migration_is_told_of_every_30_seconds(cloud):
    cloud.set("libvirt.live_migration_completion_timeout", 60)
    server = booted(cloud)
    server.write_memory(5000)
    server.live_migrate()
    cloud.run(until=cloud.now + 100)
    told = [one for one in cloud.log() if one.message.startswith("Migration running for")]
    times = [one.time for one in told if one.level == "INFO"]
    assert times
    assert all(later - earlier >= 30 - 1e-6 for earlier, later in pairwise(times))
    assert times[0] - told[0].time >= 30 - 1e-6


def test_the_request_log_has_the_clients_address_and_the_query(cloud):
    cloud.request("GET", "/v2.1/servers?name=web&limit=3")
    *_, line = cloud.log(service="nova-api", level="INFO")
    assert line.message.startswith(
        '127.0.0.1 "GET /v2.1/servers?name=web&limit=3" status: 200 len: '
    )


def test_a_refused_request_tells_whose_it_was(cloud):
    server = booted(cloud)
    with pytest.raises(UsageError):
        server.start()
    *_, line = cloud.log(service="nova-api", level="INFO")
    assert "status: 409" in line.message
    assert (line.user, line.project) == (cloud.log()[0].user, cloud.log()[0].project)
    assert "-" not in (line.user, line.project)


def test_a_service_without_a_log_is_refused(cloud):
    booted(cloud)
    with pytest.raises(UsageError, match="service='placement' writes no log here"):
        cloud.log(service="placement")


def test_an_unknown_argument_is_named(cloud):
    with pytest.raises(
        UsageError, match=r"unknown argument of log.*'servr': did you mean 'server'"
    ):
        cloud.log(servr="web")


def test_a_query_narrows_the_log_and_a_level_means_graver_ones_too():
    cloud = Cloud(hosts=1)
    cloud.boot("big", flavor="m1.xlarge")
    cloud.run()
    whole = cloud.log()
    warned = cloud.log("level:warning service:nova-conductor")
    assert {one.level for one in warned} <= {"WARNING", "ERROR"}
    assert warned == [
        one
        for one in whole
        if one.service.startswith("nova-conductor") and one.level in ("WARNING", "ERROR")
    ]
    assert warned
    assert cloud.log("level:debug") == whole
