"""Limits of projects, users and classes through the API, and what is shown of them."""

import pytest

from simnova import Cloud, Refused, UsageError

SETS = "/v2.1/os-quota-sets"


def at(version):
    return {"openstack_api_version": f"compute {version}"}


@pytest.fixture
def cloud():
    return Cloud(hosts=2)


def refusal(cloud, method, path, body=None, **how):
    with pytest.raises(Refused) as refused:
        cloud.request(method, path, body, **how)
    return refused.value.code, refused.value.message


def boot(cloud, count, **request):
    cloud.boot("web", flavor="m1.tiny", count=count, **request)
    cloud.run()


def test_a_projects_limits_come_before_its_class_and_nova_conf(cloud):
    quota = cloud.quotas["demo"]
    assert quota.limits["instances"] == 10
    cloud.quotas.set_default(instances=7)
    assert quota.limits["instances"] == 7
    quota.set(instances=3, ram=-1)
    assert (quota.limits["instances"], quota.limits["ram"]) == (3, -1)
    assert cloud.quotas["admin"].limits["instances"] == 7
    quota.reset()
    assert (quota.limits["instances"], quota.limits["ram"]) == (7, 51200)


def test_limits_hold_for_the_project_alone(cloud):
    cloud.quotas["demo"].set(instances=1)
    boot(cloud, 1, user="demo")
    with pytest.raises(Refused, match="Requested 1, but already used 1 of 1 instances"):
        cloud.boot("more", user="demo")
    boot(cloud, 2)
    assert cloud.quotas["admin"].used["instances"] == 2


def test_a_user_with_limits_of_their_own(cloud):
    project = cloud.quotas["demo"].id
    (user,) = [row[0] for row in cloud.sql("SELECT id FROM keystone.user WHERE name='demo'").rows]
    path = f"{SETS}/{project}?user_id={user}"
    cloud.request("PUT", path, {"quota_set": {"cores": 1}})
    assert cloud.request("GET", path)["quota_set"]["cores"] == 1
    assert cloud.request("GET", f"{SETS}/{project}")["quota_set"]["cores"] == 20
    boot(cloud, 1, user="demo")
    with pytest.raises(Refused, match="Requested 1, but already used 1 of 1 cores"):
        cloud.boot("more", flavor="m1.tiny", user="demo")
    assert refusal(cloud, "PUT", path, {"quota_set": {"cores": 21}}) == (
        400,
        "Quota limit 21 for cores must be less than or equal to 20.",
    )
    words = "Quota limit 0 for cores must be greater than or equal to already used and reserved 1."
    assert refusal(cloud, "PUT", path, {"quota_set": {"cores": 0}}) == (400, words)
    assert refusal(cloud, "PUT", f"{SETS}/{project}", {"quota_set": {"cores": 0}})[1] == words
    cloud.request("DELETE", path)
    assert cloud.request("GET", path)["quota_set"]["cores"] == 20


def test_less_than_there_is_only_by_force(cloud):
    boot(cloud, 2)
    quota = cloud.quotas["admin"]
    with pytest.raises(Refused, match="already used and reserved 2"):
        quota.set(instances=1)
    quota.set(instances=1, force=True)
    assert (quota.limits["instances"], quota.used["instances"]) == (1, 2)


@pytest.mark.parametrize("placement", [False, True])
def test_detail_and_limits_say_what_is_in_use(placement):
    config = {"quota": {"count_usage_from_placement": placement}}
    cloud = Cloud(hosts=2, config=config)
    boot(cloud, 2)
    cloud.groups.create("web")
    quota = cloud.quotas["admin"]
    detail = cloud.request("GET", f"{SETS}/{quota.id}/detail")["quota_set"]
    assert detail["ram"] == {"limit": 51200, "in_use": 1024, "reserved": 0}
    assert quota.used == {name: detail[name]["in_use"] for name in quota.used}
    limits = cloud.request("GET", "/v2.1/limits")["limits"]
    assert limits["rate"] == []
    found = limits["absolute"]
    assert (found["totalInstancesUsed"], found["maxTotalInstances"]) == (2, 10)
    assert (found["totalCoresUsed"], found["totalRAMUsed"]) == (2, 1024)
    assert found["totalServerGroupsUsed"] == 1
    other = cloud.request("GET", f"/v2.1/limits?tenant_id={cloud.quotas['demo'].id}")
    assert other["limits"]["absolute"]["totalInstancesUsed"] == 0


def test_what_each_microversion_shows(cloud):
    path = f"{SETS}/{cloud.quotas['demo'].id}"
    names = {v: set(cloud.request("GET", path, **at(v))["quota_set"]) for v in ("2.35", "2.36")}
    assert names["2.35"] - names["2.36"] == {
        "fixed_ips",
        "floating_ips",
        "security_group_rules",
        "security_groups",
    }
    newest = set(cloud.request("GET", path, **at("2.57"))["quota_set"])
    assert {name.rpartition("_")[0] for name in names["2.36"] - newest} == {
        "injected",
        "injected_file_content",
        "injected_file_path",
    }
    old = cloud.request("GET", "/v2.1/limits", **at("2.1"))["limits"]["absolute"]
    assert old["maxTotalFloatingIps"] == -1
    assert old["maxImageMeta"] == old["maxServerMeta"] == 128
    path = "/v2.1/os-quota-class-sets/default"
    assert "server_groups" not in cloud.request("GET", path, **at("2.49"))["quota_class_set"]
    assert "server_groups" in cloud.request("GET", path)["quota_class_set"]


@pytest.mark.parametrize(
    ("method", "path", "rule"),
    [
        ("PUT", SETS + "/{demo}", "os-quota-sets:update"),
        ("DELETE", SETS + "/{demo}", "os-quota-sets:delete"),
        ("GET", SETS + "/{admin}", "os-quota-sets:show"),
        ("GET", SETS + "/{admin}/detail", "os-quota-sets:detail"),
        ("GET", "/v2.1/os-quota-class-sets/default", "os-quota-class-sets:show"),
        ("GET", "/v2.1/limits?tenant_id={admin}", "limits:other_project"),
    ],
)
def test_what_is_an_administrators(cloud, method, path, rule):
    path = path.format(**{name: cloud.quotas[name].id for name in ("demo", "admin")})
    words = f"Policy doesn't allow os_compute_api:{rule} to be performed."
    assert refusal(cloud, method, path, {"quota_set": {}}, user="demo") == (403, words)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"instances": -2}, "-2 is less than the minimum of -1"),
        ({"instances": "few"}, "'few' does not match '^-?[0-9]+$'"),
        ({"floating_ips": 1}, "Additional properties are not allowed"),
        ({"instances": 2**31}, "is greater than the maximum of 2147483647"),
    ],
)
def test_limits_that_are_none(cloud, limits, words):
    path = f"{SETS}/{cloud.quotas['demo'].id}"
    code, message = refusal(cloud, "PUT", path, {"quota_set": limits})
    assert code == 400
    assert words in message


def test_a_project_that_there_is_not(cloud):
    words = "Project ID none is not a valid project."
    assert refusal(cloud, "GET", f"{SETS}/none") == (400, words)
    with pytest.raises(UsageError, match="instances"):
        cloud.quotas["demo"].set(instance=1)


def test_all_projects_at_a_glance(cloud):
    cloud.quotas["demo"].set(cores=-1)
    boot(cloud, 1)
    text = str(cloud.quotas)
    assert "0 of any number" in text
    assert "1 of 10" in text
    assert "in use" in repr(cloud.quotas["demo"])


@pytest.mark.parametrize(
    ("server", "code", "words"),
    [
        ({"user_data": "A"}, 400, "'A' is not a 'base64'"),
        ({"user_data": "A" * 65536}, 400, "is too long"),
        ({"metadata": {"key": "v" * 256}}, 400, "is too long"),
        ({"metadata": {"k" * 256: "v"}}, 400, "does not match any of the regexes"),
        ({"metadata": {f"k{n}": "v" for n in range(129)}}, 403, "exceeds 128"),
    ],
)
def test_user_data_and_metadata_past_their_limits(cloud, server, code, words):
    with pytest.raises(Refused) as refused:
        cloud.boot("web", **server)
    assert refused.value.code == code
    assert words in refused.value.message


def test_metadata_items_of_an_image(cloud):
    cloud.quotas["admin"].set(metadata_items=1)
    server = cloud.boot("web", flavor="m1.tiny")
    cloud.run()
    path = f"/v2.1/servers/{server.id}/action"
    asked = {"createImage": {"name": "image", "metadata": {"a": "1", "b": "2"}}}
    assert refusal(cloud, "POST", path, asked) == (403, "Image metadata limit exceeded")
