"""Services through the API: disabled, enabled, forced down, and what the scheduler makes of it."""

import pytest

from simnova import Refused, UsageError

from .conftest import hosts_of

pytestmark = pytest.mark.thorough


def service(cloud, host):
    found = cloud.request("GET", "/v2.1/os-services?binary=nova-compute")["services"]
    return next(one for one in found if one["host"] == host)


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
