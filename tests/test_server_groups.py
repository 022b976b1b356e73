"""Server groups through the API, and what the scheduler and the hosts make of them."""

import pytest

from simnova import Cloud, Refused, UsageError

pytestmark = pytest.mark.thorough

VERSION = "openstack_api_version"


@pytest.fixture
def cloud():
    return Cloud(hosts=3)


@pytest.fixture(scope="module")
def asked():
    return Cloud(hosts=1)


def boot(cloud, *names, **request):
    """One after the other, each request when the one before is done."""
    made = []
    for name in names:
        made.append(cloud.boot(name, flavor="m1.tiny", **request))
        cloud.run()
    return made


def test_a_group_is_shown_as_nova_shows_it(cloud):
    group = cloud.groups.create("web", policy="anti-affinity", max_server_per_host=2)
    (server,) = boot(cloud, "a", group="web")
    shown = cloud.request("GET", f"/v2.1/os-server-groups/{group.id}")["server_group"]
    assert shown["policy"] == "anti-affinity"
    assert shown["rules"] == {"max_server_per_host": 2}
    assert shown["members"] == [server.id]
    assert set(shown) == {"id", "name", "policy", "rules", "members", "project_id", "user_id"}
    old = {VERSION: "compute 2.12"}
    shown = cloud.request("GET", "/v2.1/os-server-groups", **old)["server_groups"][0]
    assert set(shown) == {"id", "name", "policies", "metadata", "members"}
    assert shown["policies"] == ["anti-affinity"]


def test_anti_affinity_one_request_after_the_other(cloud):
    cloud.groups.create("web", policy="anti-affinity")
    servers = boot(cloud, "a", "b", "c", "d", group="web")
    assert sorted(server.host for server in servers[:3]) == ["compute1", "compute2", "compute3"]
    assert servers[3].status == "ERROR"
    assert cloud.groups["web"].members == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("policy", "rule", "hosts"),
    [
        ("anti-affinity", None, 3),
        ("anti-affinity", 2, 2),
        ("affinity", None, 1),
        ("soft-affinity", None, 1),
        ("soft-anti-affinity", None, 3),
    ],
)
def test_one_request_for_several_counts_its_own(policy, rule, hosts):
    cloud = Cloud(hosts=3, config={"soft_affinity_weight_multiplier": 10.0})
    cloud.groups.create("web", policy=policy, max_server_per_host=rule)
    call = cloud.submit("w", flavor="m1.tiny", group="web", count=3)
    cloud.run()
    assert [server.status for server in call.servers] == ["ACTIVE"] * 3
    found = {server.host for server in call.servers}
    assert len(found) == hosts if rule is None else len(found) >= hosts


def test_two_requests_at_once_do_not_see_each_other_but_their_hosts_do(cloud):
    cloud.groups.create("web", policy="anti-affinity")
    calls = [cloud.submit(name, flavor="m1.tiny", group="web") for name in "ab"]
    cloud.run()
    chosen = [one.data["host"] for one in cloud.journal if one.kind == "scheduler.select"]
    assert chosen[0] == chosen[1]
    assert len({call.server.host for call in calls}) == 2
    assert "Anti-affinity instance group policy was violated" in str(cloud.log(level="ERROR"))


def test_a_rule_lets_so_many_on_a_host(cloud):
    cloud.groups.create("web", policy="anti-affinity", max_server_per_host=2)
    servers = boot(cloud, *"abcdefg", group="web")
    hosts = [server.host for server in servers]
    assert hosts.pop() is None
    assert sorted(hosts) == [f"compute{n}" for n in (1, 1, 2, 2, 3, 3)]


def test_affinity_follows_the_first(cloud):
    cloud.groups.create("db", policy="affinity")
    servers = boot(cloud, "a", "b", "c", group="db")
    assert len({server.host for server in servers}) == 1


def test_a_deleted_server_is_no_member(cloud):
    cloud.groups.create("web", policy="anti-affinity")
    servers = boot(cloud, "a", "b", "c", group="web")
    servers[0].delete()
    cloud.run()
    (again,) = boot(cloud, "d", group="web")
    assert again.status == "ACTIVE"
    assert cloud.groups["web"].members == ["b", "c", "d"]


def test_a_forced_host_skips_the_filter_but_not_the_look_of_the_host():
    cloud = Cloud(hosts=2)
    cloud.groups.create("web", policy="anti-affinity")
    first, second = boot(cloud, "a", host="compute1", group="web") + boot(
        cloud, "b", host="compute1", group="web"
    )
    assert first.status == "ACTIVE"
    assert second.status == "ERROR"
    assert "Anti-affinity instance group policy was violated" in second.fault


def test_the_late_check_can_be_switched_off():
    cloud = Cloud(hosts=2, config={"disable_group_policy_check_upcall": True})
    cloud.groups.create("web", policy="anti-affinity")
    servers = boot(cloud, "a", "b", host="compute1", group="web")
    assert [server.host for server in servers] == ["compute1", "compute1"]


def test_a_policy_without_its_filter_is_not_supported():
    cloud = Cloud(hosts=2, config={"enabled_filters": ["ComputeFilter"]})
    cloud.groups.create("web", policy="affinity")
    (server,) = boot(cloud, "a", group="web")
    words = "ServerGroup policy is not supported: ServerGroupAffinityFilter not configured"
    assert server.fault == words


def test_quotas(cloud):
    cloud = Cloud(hosts=3, config={"server_groups": 1, "server_group_members": 2})
    cloud.groups.create("web", policy="soft-affinity")
    with pytest.raises(Refused, match=r"Quota exceeded, too many server groups. \(HTTP 403\)"):
        cloud.groups.create("more")
    servers = boot(cloud, "a", "b", group="web")
    with pytest.raises(Refused, match=r"Quota exceeded, too many servers in group \(HTTP 403\)"):
        cloud.boot("c", flavor="m1.tiny", group="web")
    servers[0].delete()
    cloud.run()
    assert boot(cloud, "d", group="web")[0].status == "ACTIVE"


@pytest.mark.parametrize(
    ("version", "group", "words"),
    [
        ("2.64", {"name": "x", "policy": "together"}, "'together' is not one of"),
        ("2.64", {"name": "x"}, "'policy' is a required property"),
        ("2.64", {"policy": "affinity"}, "'name' is a required property"),
        (
            "2.64",
            {"name": "x", "policy": "affinity", "rules": {"max_server_per_host": 2}},
            "Only anti-affinity policy supports rules.",
        ),
        (
            "2.64",
            {"name": "x", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}},
            "0 is less than the minimum of 1",
        ),
        (
            "2.64",
            {"name": "x", "policy": "anti-affinity", "rules": {"least": 1}},
            "Additional properties are not allowed ('least' was unexpected)",
        ),
        ("2.63", {"name": "x", "policy": "affinity"}, "'policies' is a required property"),
        ("2.14", {"name": "x", "policies": ["soft-affinity"]}, "'soft-affinity' is not one of"),
        ("2.63", {"name": "x", "policies": ["affinity", "anti-affinity"]}, "is too long"),
    ],
)
def test_what_nova_refuses(asked, version, group, words):
    body, header = {"server_group": group}, {VERSION: f"compute {version}"}
    with pytest.raises(Refused) as refused:
        asked.request("POST", "/v2.1/os-server-groups", body, **header)
    assert refused.value.code == 400
    assert words in refused.value.message


def test_a_project_sees_its_own_groups(cloud):
    group = cloud.groups.create("web")
    path = f"/v2.1/os-server-groups/{group.id}"
    for method in ("GET", "DELETE"):
        with pytest.raises(Refused, match=f"Instance group {group.id} could not be found"):
            cloud.request(method, path, user="demo")
    with pytest.raises(Refused, match="Instance group"):
        cloud.boot("x", group="web", user="demo")
    own = {"server_group": {"name": "own", "policy": "affinity"}}
    cloud.request("POST", "/v2.1/os-server-groups", own, user="demo")
    listed = "/v2.1/os-server-groups"
    assert [one["name"] for one in cloud.request("GET", listed)["server_groups"]] == ["web"]
    found = cloud.request("GET", f"{listed}?all_projects=1")["server_groups"]
    assert [one["name"] for one in found] == ["web", "own"]
    assert len(cloud.request("GET", f"{listed}?all_projects=1&limit=1")["server_groups"]) == 1


def test_groups_that_are_not_there(cloud):
    with pytest.raises(UsageError, match="unknown server group 'wep'"):
        cloud.boot("x", group="wep")
    nowhere = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(
        Refused, match=rf"Instance group {nowhere} could not be found. \(HTTP 400\)"
    ):
        cloud.boot("x", hints={"group": nowhere})


def test_a_group_that_is_deleted_leaves_its_servers(cloud):
    group = cloud.groups.create("web")
    (server,) = boot(cloud, "a", group="web")
    group.delete()
    assert len(cloud.groups) == 0
    assert server.status == "ACTIVE"


def test_a_fork_has_the_same_groups(cloud):
    cloud.groups.create("web", policy="anti-affinity", max_server_per_host=2)
    boot(cloud, "a", group="web")
    assert str(cloud.fork().groups) == str(cloud.groups)
