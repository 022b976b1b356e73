"""Host aggregates and availability zones through the API: what Nova takes, what it refuses, who is told."""

import pytest

from simnova import Cloud, Refused, UsageError


@pytest.fixture
def cloud():
    return Cloud(hosts=3)


@pytest.fixture(scope="module")
def stocked():
    made = Cloud(hosts=2)
    made.aggregates.create("ssd", hosts=["compute1"])
    made.aggregates.create("hdd")
    return made


def test_an_aggregate_is_shown_as_nova_shows_it(cloud):
    cloud.aggregates.create("ssd", zone="az1", hosts=["compute1"], metadata={"ssd": "true"})
    shown = cloud.request("GET", "/v2.1/os-aggregates/1")["aggregate"]
    assert shown["metadata"] == {"availability_zone": "az1", "ssd": "true"}
    assert (shown["availability_zone"], shown["hosts"]) == ("az1", ["compute1"])
    assert (shown["deleted"], shown["deleted_at"]) == (False, None)
    assert shown["created_at"].startswith("2026-01-01T00:00:00.")
    (listed,) = cloud.request("GET", "/v2.1/os-aggregates")["aggregates"]
    assert listed == shown


def test_the_answer_to_create_has_no_hosts_and_before_241_no_uuid(cloud):
    body = {"aggregate": {"name": "ssd", "availability_zone": None}}
    made = cloud.request("POST", "/v2.1/os-aggregates", body)["aggregate"]
    assert {"hosts", "metadata"} & set(made) == set()
    old = cloud.request("GET", "/v2.1/os-aggregates/1", openstack_api_version="compute 2.40")
    assert set(made) - set(old["aggregate"]) == {"uuid"}


def test_a_zone_is_where_its_servers_go(cloud):
    cloud.aggregates.create("rack2", zone="az2", hosts=["compute3"])
    server = cloud.boot("web", availability_zone="az2").wait()
    assert server.host == "compute3"
    assert server.show()["OS-EXT-AZ:availability_zone"] == "az2"


def test_every_scheduler_hears_of_it_and_placement_mirrors_it(cloud):
    aggregate = cloud.aggregates.create("ssd", hosts=["compute2"])
    cloud.run()
    mirror = cloud.assembly.databases.sql("SELECT uuid FROM placement.placement_aggregates")
    assert mirror.column("uuid") == [aggregate.uuid]
    casts = [event.data for event in cloud.journal if event.kind == "rpc.cast"]
    assert [(one["method"], one["fanout"]) for one in casts] == [("update_aggregates", True)] * 2
    aggregate.remove_host("compute2")
    left = cloud.assembly.databases.sql("SELECT * FROM placement.resource_provider_aggregates")
    assert len(left) == 0
    aggregate.delete()
    cloud.run()
    assert len(cloud.aggregates) == 0


def test_a_host_is_in_one_zone_only(cloud):
    cloud.aggregates.create("one", zone="az1", hosts=["compute1"])
    words = r"Cannot add host to aggregate 2. Reason: One or more hosts already in availability zone\(s\) \['az1'\]."
    with pytest.raises(Refused, match=words) as refused:
        cloud.aggregates.create("two", zone="az2", hosts=["compute1"])
    assert refused.value.code == 409
    plain = cloud.aggregates.create("three", hosts=["compute1"])
    words = "Cannot update metadata of aggregate 3. Reason: One or more hosts already in"
    with pytest.raises(Refused, match=words) as refused:
        plain.set_metadata(availability_zone="az2")
    assert refused.value.code == 400


def test_the_zone_of_servers_does_not_change_under_them(cloud):
    aggregate = cloud.aggregates.create("one", zone="az1", hosts=["compute1"])
    server = cloud.boot("web", availability_zone="az1").wait()
    for change in (
        lambda: aggregate.update(availability_zone="az2"),
        lambda: aggregate.set_metadata(availability_zone="az2"),
    ):
        with pytest.raises(Refused, match="One or more hosts contain instances in this zone"):
            change()
    with pytest.raises(
        Refused, match="would change from 'az1' to 'None' but the host already has 1"
    ):
        aggregate.remove_host("compute1")
    other = cloud.aggregates.create("two", zone="az2")
    cloud.boot("db", host="compute2").wait()
    with pytest.raises(
        Refused, match="would change from 'None' to 'az2' but the host already has 1"
    ):
        other.add_host("compute2")
    server.delete()
    cloud.run()
    assert aggregate.update(availability_zone="az2").zone == "az2"


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "words"),
    [
        ("POST", "", {"aggregate": {"name": "ssd"}}, 409, "Aggregate ssd already exists."),
        ("POST", "", {"aggregate": {"name": " "}}, 400, "An invalid 'name' value was provided."),
        ("POST", "", {"aggregate": {}}, 400, "'name' is a required property"),
        ("POST", "", {"aggregate": {"name": "x", "availability_zone": "a:b"}}, 400, "a:b"),
        ("PUT", "/1", {"aggregate": {}}, 400, "Invalid input for field/attribute aggregate."),
        ("PUT", "/9", {"aggregate": {"name": "x"}}, 404, "Aggregate 9 could not be found."),
        ("PUT", "/2", {"aggregate": {"name": "ssd"}}, 409, "Aggregate ssd already exists."),
        ("GET", "/x", None, 400, "Invalid input received: id must be an integer"),
        ("DELETE", "/9", None, 404, "Aggregate 9 could not be found."),
        ("DELETE", "/1", None, 400, "Reason: Host aggregate is not empty."),
        ("POST", "/1/action", {"add_host": {"host": "compute1"}}, 409, "already has host compute1"),
        (
            "POST",
            "/1/action",
            {"add_host": {"host": "nowhere"}},
            404,
            "Host 'nowhere' is not mapped",
        ),
        (
            "POST",
            "/1/action",
            {"remove_host": {"host": "compute2"}},
            404,
            "Cannot remove host compute2 in aggregate 1",
        ),
        (
            "POST",
            "/1/action",
            {"set_metadata": {"metadata": {"k": 5}}},
            400,
            "5 is not of type 'string', 'null'",
        ),
        (
            "POST",
            "/1/action",
            {"set_metadata": {"metadata": {"availability_zone": ""}}},
            400,
            "does not support empty named availability zone",
        ),
        ("POST", "/1/action", {"fly": {}}, 400, "There is no such action: fly"),
        ("POST", "/1/action", {}, 400, "Malformed request body"),
    ],
)
def test_what_nova_refuses(stocked, method, path, body, code, words):
    with pytest.raises(Refused) as refused:
        stocked.request(method, f"/v2.1/os-aggregates{path}", body)
    assert refused.value.code == code
    assert words in refused.value.message
    assert stocked.aggregates["ssd"].hosts == ["compute1"]


def test_aggregates_are_for_administrators(cloud):
    with pytest.raises(
        Refused, match="Policy doesn't allow os_compute_api:os-aggregates:create to be"
    ):
        cloud.request("POST", "/v2.1/os-aggregates", {"aggregate": {"name": "x"}}, user="demo")


def test_a_metadata_key_goes_where_its_value_is_none(cloud):
    aggregate = cloud.aggregates.create("ssd", metadata={"a": "1", "b": "2"})
    assert aggregate.set_metadata(a=None, c="3").metadata == {"b": "2", "c": "3"}


def test_the_zones(cloud):
    cloud.aggregates.create("one", zone="az1", hosts=["compute1"])
    cloud.services.disable("compute1")
    zones = cloud.request("GET", "/v2.1/os-availability-zone", user="demo")["availabilityZoneInfo"]
    assert [(one["zoneName"], one["zoneState"], one["hosts"]) for one in zones] == [
        ("nova", {"available": True}, None),
        ("az1", {"available": False}, None),
    ]
    detail = cloud.request("GET", "/v2.1/os-availability-zone/detail")["availabilityZoneInfo"]
    by_name = {one["zoneName"]: one["hosts"] for one in detail}
    assert set(by_name["internal"]["controller"]) == {"nova-conductor", "nova-scheduler"}
    compute = by_name["nova"]["compute2"]["nova-compute"]
    assert (compute["available"], compute["active"]) == (True, True)
    with pytest.raises(Refused, match="os_compute_api:os-availability-zone:detail"):
        cloud.request("GET", "/v2.1/os-availability-zone/detail", user="demo")


def test_a_host_that_is_not_there_is_told_before_it_is_asked(cloud):
    with pytest.raises(UsageError, match="unknown host 'compute9'"):
        cloud.aggregates.create("x", hosts=["compute9"])
    assert len(cloud.aggregates) == 0


def test_a_fork_has_the_same_aggregates(cloud):
    cloud.aggregates.create("one", zone="az1", hosts=["compute1"], metadata={"a": "b"})
    assert str(cloud.fork().aggregates) == str(cloud.aggregates)
