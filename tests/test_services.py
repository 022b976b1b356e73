"""Services through the API: disabled, enabled, forced down, and what the scheduler makes of it."""

import pytest

from simnova import Cloud, NovaError, Refused, UsageError
from simnova.nova.servicegroup import last_report

pytestmark = pytest.mark.thorough


@pytest.fixture
def cloud():
    return Cloud(hosts=2)


@pytest.fixture(scope="module")
def asked():
    return Cloud(hosts=2)


def service(cloud, host):
    found = cloud.request("GET", "/v2.1/os-services?binary=nova-compute")["services"]
    return next(one for one in found if one["host"] == host)


def hosts_of(cloud, count=3):
    return {cloud.boot(f"s{n}", flavor="m1.tiny").wait().host for n in range(count)}


def traits(cloud):
    found = cloud.assembly.databases.sql(
        "SELECT p.name AS host FROM placement.resource_provider_traits t "
        "JOIN placement.resource_providers p ON p.id = t.resource_provider_id "
        "JOIN placement.traits n ON n.id = t.trait_id WHERE n.name = 'COMPUTE_STATUS_DISABLED'"
    )
    return found.column("host")


def test_a_disabled_service_vanishes_from_placements_candidates(cloud):
    cloud.services.disable("compute1", reason="new disk")
    shown = service(cloud, "compute1")
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "new disk")
    assert traits(cloud) == ["compute1"]
    assert hosts_of(cloud) == {"compute2"}
    cloud.services.disable("compute2")
    server = cloud.boot("nowhere")
    cloud.run()
    assert "No valid host was found" in server.fault
    cloud.services.enable("compute1")
    assert traits(cloud) == ["compute2"]
    assert hosts_of(cloud) == {"compute1"}


def test_the_compute_is_called_and_sets_the_trait(cloud):
    seen = len(cloud.journal)
    cloud.services.disable("compute1")
    calls = [one for one in cloud.journal.events[seen:] if one.kind == "rpc.call"]
    assert [(one.actor, one.data["method"], one.data["server"]) for one in calls] == [
        ("nova-api", "set_host_enabled", "compute1")
    ]
    sent = [one for one in cloud.journal.events[seen:] if one.kind == "http.request"]
    assert [one.actor for one in sent if one.data["method"] == "PUT"][1:] == [
        "nova-compute@compute1"
    ]


def test_a_compute_that_was_disabled_while_it_was_down_says_so_when_it_is_back(cloud):
    cloud.crash("nova-compute@compute1")
    cloud.run(until=cloud.now + 120)
    assert service(cloud, "compute1")["state"] == "down"
    cloud.services.disable("compute1")
    assert traits(cloud) == []
    cloud.start("nova-compute@compute1")
    cloud.run()
    assert traits(cloud) == ["compute1"]


def test_a_compute_that_does_not_answer_is_only_logged(cloud):
    cloud.lose("set_host_enabled")
    cloud.services.disable("compute1")
    assert service(cloud, "compute1")["status"] == "disabled"
    assert "An error occurred while updating the COMPUTE_STATUS_DISABLED trait" in str(
        cloud.log(level="ERROR")
    )


def test_a_host_that_is_forced_down_is_down_at_once(cloud):
    cloud.services.force_down("compute1")
    shown = service(cloud, "compute1")
    assert (shown["state"], shown["forced_down"]) == ("down", True)
    assert hosts_of(cloud) == {"compute2"}
    cloud.services.force_down("compute1", False)
    assert service(cloud, "compute1")["state"] == "up"


@pytest.mark.parametrize(
    ("action", "body", "shown"),
    [
        ("disable", {}, {"status": "disabled"}),
        (
            "disable-log-reason",
            {"disabled_reason": "x"},
            {"status": "disabled", "disabled_reason": "x"},
        ),
        ("enable", {}, {"status": "enabled"}),
        ("force-down", {"forced_down": "yes"}, {"forced_down": True}),
    ],
)
def test_the_actions_of_before_253(cloud, action, body, shown):
    whom = {"host": "compute1", "binary": "nova-compute"}
    path = f"/v2.1/os-services/{action}"
    answer = cloud.request("PUT", path, {**whom, **body}, openstack_api_version="compute 2.52")
    assert answer["service"] == {**whom, **shown}


@pytest.mark.parametrize(
    ("version", "path", "body", "code", "words"),
    [
        ("2.52", "fly", {"host": "compute1", "binary": "nova-compute"}, 404, "Unknown action"),
        (
            "2.10",
            "force-down",
            {"host": "compute1", "binary": "nova-compute"},
            404,
            "Unknown action",
        ),
        (
            "2.52",
            "force-down",
            {"host": "compute1", "binary": "nova-compute"},
            400,
            "Missing forced_down field",
        ),
        (
            "2.52",
            "disable-log-reason",
            {"host": "compute1", "binary": "nova-compute"},
            400,
            "Missing disabled reason field",
        ),
        (
            "2.52",
            "disable",
            {"host": "nowhere", "binary": "nova-compute"},
            404,
            "Host 'nowhere' is not mapped to any cell",
        ),
        (
            "2.52",
            "disable",
            {"host": "controller", "binary": "nova-scheduler"},
            400,
            "Updating a nova-scheduler service is not supported.",
        ),
        ("2.52", "disable", {"host": "compute1"}, 400, "'binary' is a required property"),
        ("2.53", "17", {"status": "enabled"}, 400, "Invalid uuid 17"),
        (
            "2.53",
            "00000000-0000-4000-8000-000000000000",
            {"status": "enabled"},
            404,
            "could not be found.",
        ),
        (
            "2.53",
            "{compute1}",
            {"status": "enabled", "disabled_reason": "x"},
            400,
            "Specifying 'disabled_reason' with status 'enabled' is invalid.",
        ),
        (
            "2.53",
            "{compute1}",
            {},
            400,
            "No updates were requested. Fields 'status' or 'forced_down' should be specified.",
        ),
        (
            "2.53",
            "{compute1}",
            {"status": "off"},
            400,
            "'off' is not one of ['enabled', 'disabled']",
        ),
    ],
)
def test_what_nova_refuses(asked, version, path, body, code, words):
    path = path.format(compute1=service(asked, "compute1")["id"])
    with pytest.raises(Refused) as refused:
        asked.request(
            "PUT", f"/v2.1/os-services/{path}", body, openstack_api_version=f"compute {version}"
        )
    assert refused.value.code == code
    assert words in refused.value.message


def test_services_are_for_administrators(cloud):
    for method, path in (("GET", ""), ("PUT", "/x")):
        with pytest.raises(Refused, match="Policy doesn't allow os_compute_api:os-services"):
            cloud.request(method, f"/v2.1/os-services{path}", {}, user="demo")


def test_a_host_that_is_not_there(cloud):
    with pytest.raises(UsageError, match="unknown compute host 'compute9'"):
        cloud.services.disable("compute9")


# --- up and down, on Nova's clock ------------------------------------------------------------------------------


def last_seen(cloud, name="nova-compute@compute1"):
    return last_report(
        {"last_seen_up": f"{cloud.services[name].updated_at.removesuffix('.000000')}+00:00"}, 0
    )


def state(cloud, name="nova-compute@compute1"):
    return cloud.services[name].state


def test_the_table_is_that_of_openstack_compute_service_list(cloud):
    table = cloud.services.table()
    assert table.columns == ["ID", "Binary", "Host", "Zone", "Status", "State", "Updated At"]
    assert [row[1:6] for row in table.rows] == [
        ["nova-conductor", "controller", "internal", "enabled", "up"],
        ["nova-scheduler", "controller", "internal", "enabled", "up"],
        ["nova-compute", "compute1", "nova", "enabled", "up"],
        ["nova-compute", "compute2", "nova", "enabled", "up"],
    ]
    cloud.services.disable("compute2", reason="new disk")
    cloud.services.force_down("compute1")
    table = cloud.services.table()
    assert table.columns[-2:] == ["Disabled Reason", "Forced Down"]
    assert [row[4:6] + row[7:] for row in table.rows][2:] == [
        ["enabled", "down", None, True],
        ["disabled", "up", "new disk", False],
    ]
    listed = cloud.request("GET", "/v2.1/os-services")["services"]
    assert [row["id"] for row in cloud.services.rows()] == [one["id"] for one in listed]


def test_sixty_seconds_without_a_report_is_down_and_not_a_moment_before(cloud):
    cloud.crash("nova-compute@compute1")
    seen = last_seen(cloud)
    cloud.run(until=seen + 60)
    assert (state(cloud), state(cloud, "nova-compute@compute2")) == ("up", "up")
    cloud.run(until=seen + 60.001)
    assert (state(cloud), state(cloud, "nova-compute@compute2")) == ("down", "up")
    cloud.start("nova-compute@compute1")
    cloud.run(until=cloud.now + 30)
    assert state(cloud) == "up"


@pytest.mark.parametrize(
    ("interval", "down", "limit"), [(10, 60, 60), (10, 25, 25), (60, 60, 150), (70, 60, 175)]
)
def test_the_limit_is_always_more_than_the_interval(interval, down, limit):
    """`nova.service`'s correction: two and a half intervals, where the limit is no longer than one."""
    cloud = Cloud(hosts=1, config={"report_interval": interval, "service_down_time": down})
    cloud.crash("nova-compute@compute1")
    seen = last_seen(cloud)
    cloud.run(until=seen + limit)
    assert state(cloud) == "up"
    cloud.run(until=seen + limit + 0.001)
    assert state(cloud) == "down"


def test_forced_down_wins_over_every_report(cloud):
    cloud.services.force_down("compute1")
    cloud.run(until=cloud.now + 100)
    assert cloud.now - last_seen(cloud) <= 10
    assert state(cloud) == "down"


@pytest.mark.parametrize("version", ["2.1", "2.29", "2.68", "2.95"])
def test_evacuate_is_refused_while_the_host_is_up(cloud, version):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    seen = last_seen(cloud)

    def evacuate():
        body = {"evacuate": {} if version != "2.1" else {"onSharedStorage": False}}
        path = f"/v2.1/servers/{server.id}/action"
        cloud.request("POST", path, body, openstack_api_version=f"compute {version}")

    cloud.crash("nova-compute@compute1")
    cloud.run(until=max(cloud.now, seen + 59))
    with pytest.raises(Refused, match="Compute service of compute1 is still in use") as refused:
        evacuate()
    assert refused.value.code == 400
    cloud.run(until=seen + 61)
    evacuate()
    cloud.run()
    assert server.host == "compute2"


def test_evacuate_is_allowed_at_once_where_the_host_is_forced_down(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    cloud.services.force_down("compute1")
    server.evacuate()
    cloud.run()
    assert server.host == "compute2"
    cloud.crash("nova-compute@compute1")
    with pytest.raises(Refused, match="Unable to force up host compute1 as `done` evacuation"):
        cloud.services.force_down("compute1", False)
    cloud.start("nova-compute@compute1")
    cloud.run()
    cloud.services.force_down("compute1", False)
    assert state(cloud) == "up"


# --- several processes of one service --------------------------------------------------------------------------


WORKERS = {"conductor": {"workers": 3}, "scheduler": {"workers": 2}, "osapi_compute_workers": 2}


def answers(cloud, kind):
    return [one.actor for one in cloud.journal if one.kind == kind and not one.background]


def test_workers_share_a_queue_a_row_and_an_address():
    cloud = Cloud(hosts=2, config=WORKERS)
    assert cloud.services.table().column("Binary") == [
        "nova-conductor",
        "nova-scheduler",
        "nova-compute",
        "nova-compute",
    ]
    for number in range(4):
        cloud.boot(f"web{number}", flavor="m1.tiny")
    cloud.run()
    asked = [one for one in answers(cloud, "http.response") if one.startswith("nova-api")]
    assert sorted(asked[:2]) == ["nova-api", "nova-api:2"]
    assert asked[2:] == asked[:2]
    replied = answers(cloud, "rpc.reply")
    assert {one for one in replied if one.startswith("nova-conductor")} == {
        "nova-conductor",
        "nova-conductor:2",
        "nova-conductor:3",
    }
    assert {server.status for server in cloud.servers} == {"ACTIVE"}
    cloud.fork().close()


def test_a_service_is_down_when_its_last_worker_is():
    cloud = Cloud(hosts=1, config=WORKERS)
    cloud.crash("nova-conductor")
    cloud.crash("nova-conductor:3")
    cloud.run(until=cloud.now + 100)
    assert state(cloud, "nova-conductor@controller") == "up"
    assert cloud.boot("web").wait("ACTIVE").host == "compute1"
    cloud.stop("nova-conductor:2")
    cloud.run(until=cloud.now + 61)
    assert state(cloud, "nova-conductor@controller") == "down"
    cloud.start("nova-conductor:3")
    cloud.run(until=cloud.now + 11)
    assert state(cloud, "nova-conductor@controller") == "up"


def test_a_dead_api_process_is_asked_no_more_and_what_it_had_is_lost_with_it():
    cloud = Cloud(hosts=1, config=WORKERS)
    call = cloud.submit("web")
    cloud.run(until=lambda event: event.actor.startswith("nova-api"))
    at_work = cloud.journal[len(cloud.journal) - 1].actor
    (other,) = {"nova-api", "nova-api:2"} - {at_work}
    cloud.crash(at_work)
    cloud.run()
    with pytest.raises(NovaError, match="Remote end closed connection without response"):
        call.result()
    seen = len(cloud.journal)
    for _ in range(3):
        cloud.request("GET", "/v2.1/servers")
    new = cloud.journal.events[seen:]
    assert {one.actor for one in new if one.kind == "http.response"} == {other}
    cloud.crash(other)
    with pytest.raises(NovaError, match="Connection refused"):
        cloud.boot("other")


def test_a_proxy_of_consoles_is_started_and_stopped_by_name(cloud):
    server = cloud.boot("web").wait("ACTIVE")
    cloud.start("nova-novncproxy")
    server.open_console(server.console())
    cloud.stop("nova-novncproxy")
    with pytest.raises(NovaError, match="Connection refused"):
        server.open_console(server.console())
    cloud.start("nova-novncproxy")
    server.open_console(server.console())


# --- a service that will not come back -------------------------------------------------------------------------


def providers(cloud):
    return cloud.sql("SELECT name FROM placement.resource_providers ORDER BY name").column("name")


def live(cloud, table):
    return cloud.sql(f"SELECT host FROM nova_cell1.{table} WHERE deleted = 0 ORDER BY id").column(
        "host"
    )


def test_with_a_dead_host_go_its_node_its_provider_its_mapping_and_its_aggregates(cloud):
    cloud.aggregates.create("rack", hosts=["compute1", "compute2"])
    cloud.crash("nova-compute@compute1")
    cloud.services.delete("compute1")
    assert providers(cloud) == ["compute2"]
    assert live(cloud, "services") == ["controller", "controller", "compute2"]
    assert live(cloud, "compute_nodes") == ["compute2"]
    assert cloud.sql("SELECT host FROM nova_api.host_mappings").column("host") == ["compute2"]
    assert cloud.aggregates["rack"].hosts == ["compute2"]
    assert hosts_of(cloud) == {"compute2"}
    with pytest.raises(UsageError, match="unknown service 'compute1'"):
        cloud.services.delete("compute1")


def test_it_stays_while_servers_are_on_it(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    with pytest.raises(Refused, match=r"hosting instances. Migrate or delete") as refused:
        cloud.services.delete("compute1")
    assert refused.value.code == 409
    server.delete()
    cloud.run()
    cloud.services.delete("compute1")
    assert providers(cloud) == ["compute2"]


def test_it_stays_while_servers_may_come_back_to_it(cloud):
    server = cloud.boot("web", flavor="m1.tiny", host="compute1").wait("ACTIVE")
    server.migrate()
    cloud.run()
    assert (server.status, server.host) == ("VERIFY_RESIZE", "compute2")
    with pytest.raises(Refused, match=r"has in-progress migrations. Complete the") as refused:
        cloud.services.delete("compute1")
    assert refused.value.code == 409
    server.confirm_resize()
    cloud.run()
    cloud.services.delete("compute1")
    assert providers(cloud) == ["compute2"]


def test_what_evacuated_servers_hold_of_it_goes_with_it(cloud):
    server = cloud.boot("web", host="compute1").wait("ACTIVE")
    cloud.crash("nova-compute@compute1")
    cloud.services.force_down("compute1")
    server.evacuate()
    cloud.run()
    cloud.services.delete("compute1")
    assert providers(cloud) == ["compute2"]
    held = cloud.sql("SELECT DISTINCT consumer_id FROM placement.allocations").column("consumer_id")
    assert held == [server.id]


@pytest.mark.parametrize(
    ("version", "id", "code", "words"),
    [
        ("2.53", "17", 400, "Invalid uuid 17"),
        ("2.52", "seventeen", 400, "id must be an integer"),
        ("2.52", "99", 404, "Service 99 not found."),
        ("2.53", "00000000-0000-4000-8000-000000000000", 404, "not found."),
    ],
)
def test_what_nova_does_not_delete(asked, version, id, code, words):
    with pytest.raises(Refused) as refused:
        asked.request(
            "DELETE", f"/v2.1/os-services/{id}", openstack_api_version=f"compute {version}"
        )
    assert refused.value.code == code
    assert words in refused.value.message


def test_a_control_service_is_deleted_by_its_number_as_before_253():
    cloud = Cloud(hosts=1)
    listed = cloud.request("GET", "/v2.1/os-services", openstack_api_version="compute 2.52")
    ids = {one["binary"]: one["id"] for one in listed["services"]}
    path = f"/v2.1/os-services/{ids['nova-scheduler']}"
    cloud.request("DELETE", path, openstack_api_version="compute 2.52")
    assert [one.binary for one in cloud.services] == ["nova-conductor", "nova-compute"]
    cloud.fork().close()


# --- an end in good order ----------------------------------------------------------------------------------------


def until_spawning(cloud, server):
    cloud.run(until=lambda event: server.task_state == "spawning")


def test_a_compute_that_is_stopped_finishes_the_build_it_has_in_hand(cloud):
    server = cloud.boot("web", host="compute1")
    until_spawning(cloud, server)
    began = cloud.now
    cloud.stop("nova-compute@compute1")
    assert not cloud.assembly.running["nova-compute@compute1"].alive
    assert cloud.now > began
    assert server.status == "ACTIVE"
    said = [line.message for line in cloud.log(service="nova-compute@compute1", level="INFO")]
    assert said[-1] == "nova-compute service graceful shutdown finished."
    assert any("waiting up to 140.0 seconds for in-progress tasks" in line for line in said)
    cloud.fork().close()


def test_it_takes_nothing_new_meanwhile(cloud):
    first = cloud.boot("first", host="compute1")
    until_spawning(cloud, first)
    later = cloud.submit("later", host="compute1")
    cloud.stop("nova-compute@compute1")
    cloud.run()
    assert first.status == "ACTIVE"
    assert later.server.status == "BUILD"
    assert [row for row in cloud.queues() if row[0] == "compute.compute1"]
    cloud.start("nova-compute@compute1")
    cloud.run()
    assert later.server.status == "ACTIVE"


@pytest.mark.parametrize(("own", "whole", "ends"), [(160, 180, 180), (0, 5, 5), (50, 30, 30)])
def test_it_ends_after_the_limit_all_the_same(own, whole, ends):
    limits = {"graceful_shutdown_timeout": whole, "manager_shutdown_timeout": own}
    cloud = Cloud(hosts=1, config={**limits, "rpc_response_timeout": 1000})
    server = cloud.boot("web")
    until_spawning(cloud, server)
    cloud.crash("nova-conductor")
    began = cloud.now
    cloud.stop("nova-compute@compute1")
    assert cloud.now == pytest.approx(began + ends)
    assert server.status == "BUILD"
    warned = [line.message for line in cloud.log(level="WARNING")]
    assert any("is higher than graceful_shutdown_timeout" in one for one in warned) == (own > whole)


def test_a_conductor_answers_whom_it_has_heard(cloud):
    cloud.submit("web")
    cloud.run(until=lambda event: event.data.get("method") == "select_destinations")
    cloud.stop("nova-conductor")
    sent = [one.data["method"] for one in cloud.journal if one.kind == "rpc.cast"]
    assert sent[-1] == "build_and_run_instance"
    cloud.start("nova-conductor")
    cloud.run()
    assert {server.status for server in cloud.servers} == {"ACTIVE"}


def test_a_restart_in_the_midst_of_work_waits_for_its_end(cloud):
    server = cloud.boot("web", host="compute1")
    until_spawning(cloud, server)
    cloud.restart("nova-compute@compute1")
    cloud.run()
    assert cloud.assembly.running["nova-compute@compute1"].alive
    assert server.status == "ACTIVE"
    lives = [
        one.kind
        for one in cloud.journal
        if one.kind.startswith("service.") and one.actor == "nova-compute@compute1"
    ]
    assert lives == ["service.start", "service.stop", "service.start"]
    cloud.fork().close()
