"""Quotas: what a project and its users may have, how it is counted, and how a refusal is worded."""

import pytest

from simnova import Cloud, Refused

BOTH_WAYS = pytest.mark.parametrize("placement", [False, True])
"""Counted in the cells, or from Placement."""


def cloud_with(placement=False, **quota):
    """A cloud with these limits."""
    return Cloud(hosts=3, config={"quota": {**quota, "count_usage_from_placement": placement}})


def refusal(cloud, *names, **request):
    """Boot these, one after the other; the refusal of the last."""
    for name in names[:-1]:
        cloud.boot(name, flavor="m1.tiny")
        cloud.run()
    with pytest.raises(Refused) as refused:
        cloud.boot(names[-1], **{"flavor": "m1.tiny", **request})
    return refused.value.code, refused.value.message


@BOTH_WAYS
def test_instances(placement):
    cloud = cloud_with(placement, instances=2)
    words = "Quota exceeded for instances: Requested 1, but already used 2 of 2 instances"
    assert refusal(cloud, "a", "b", "c") == (403, words)
    cloud.servers["a"].delete()
    cloud.run()
    cloud.boot("c", flavor="m1.tiny")
    assert len(cloud.servers) == 2


@BOTH_WAYS
def test_cores_and_ram_together(placement):
    cloud = cloud_with(placement, cores=4, ram=8000)
    words = (
        "Quota exceeded for cores, ram: Requested 8, 16384, "
        "but already used 1, 512 of 4, 8000 cores, ram"
    )
    assert refusal(cloud, "a", "b", flavor="m1.xlarge") == (403, words)


def test_as_many_as_fit_between_minimum_and_maximum():
    cloud = cloud_with(instances=3)
    body = {
        "name": "web",
        "flavorRef": "1",
        "imageRef": cloud.images.id_of("cirros"),
        "networks": "auto",
        "min_count": 2,
        "max_count": 7,
    }
    cloud.request("POST", "/v2.1/servers", {"server": body})
    cloud.run()
    assert [server.status for server in cloud.servers] == ["ACTIVE"] * 3
    with pytest.raises(Refused) as refused:
        cloud.request("POST", "/v2.1/servers", {"server": body})
    assert refused.value.message == (
        "Quota exceeded for instances: Requested 2-7, but already used 3 of 3 instances"
    )


def test_no_limit():
    cloud = cloud_with(instances=-1, cores=-1, ram=-1)
    cloud.boot("web", flavor="m1.tiny", count=25)
    assert len(cloud.servers) == 25


def test_the_driver_that_limits_nothing():
    cloud = cloud_with(instances=0, driver="nova.quota.NoopQuotaDriver")
    cloud.boot("web", flavor="m1.tiny")
    assert len(cloud.servers) == 1


@BOTH_WAYS
def test_two_requests_at_once_and_the_recheck(placement):
    """In the cells a server counts only once it is there: the requests pass the first check, then one is too late.

    Placement may have all three claims before the first is counted again: then all are.
    """
    cloud = cloud_with(placement, cores=2)
    for name in ("a", "b", "c"):
        cloud.submit(name, flavor="m1.tiny")
    cloud.run()
    states = [server.status for server in cloud.servers]
    assert states.count("ACTIVE") <= 2 if placement else states.count("ACTIVE") == 2
    *_, late = [server for server in cloud.servers if server.status == "ERROR"]
    words = "Quota exceeded for cores: Requested 1, but already used 2 of 2 cores"
    assert late.fault == words
    assert late.host is None
    assert cloud.sql("SELECT * FROM nova_api.build_requests").rows == []
    held = f"SELECT count(*) AS n FROM placement.consumers WHERE uuid = '{late.id}'"
    assert cloud.sql(held).rows == [(1,)]
    late.delete()
    cloud.run()
    assert cloud.sql(held).rows == [(0,)]


def test_without_the_recheck_the_race_is_won_by_all():
    cloud = cloud_with(instances=2, recheck_quota=False)
    for name in ("a", "b", "c"):
        cloud.submit(name, flavor="m1.tiny")
    cloud.run()
    assert [server.status for server in cloud.servers] == ["ACTIVE"] * 3


def act(server, **action):
    """An action through the API."""
    server.cloud.request("POST", f"/v2.1/servers/{server.id}/action", action)


def test_the_log_says_who_was_refused():
    cloud = cloud_with(instances=1)
    refusal(cloud, "a", "b")
    cloud.run()
    assert "tried to run 1 instances. Cannot run any more instances of this type." in str(
        cloud.log()
    )


def test_resize_to_more_than_there_may_be():
    cloud = cloud_with(cores=3)
    server = cloud.boot("web", flavor="m1.tiny")
    cloud.run()
    with pytest.raises(Refused) as refused:
        act(server, resize={"flavorRef": "4"})
    words = "Quota exceeded for cores: Requested 3, but already used 1 of 3 cores"
    assert (refused.value.code, refused.value.message) == (403, words)


def test_a_server_on_the_shelf_is_not_counted_by_placement():
    cloud = cloud_with(True, cores=1)
    shelved = cloud.boot("a", flavor="m1.tiny")
    cloud.run()
    act(shelved, shelve=None)
    cloud.run()
    cloud.boot("b", flavor="m1.tiny")
    cloud.run()
    with pytest.raises(Refused) as refused:
        act(shelved, unshelve=None)
    assert (refused.value.code, refused.value.message) == (
        403,
        "Quota exceeded for resources: ['cores']",
    )


@pytest.mark.parametrize(("limit", "refused"), [(2, True), (3, False), (-1, False)])
def test_metadata_items_of_a_server(limit, refused):
    cloud = cloud_with(metadata_items=limit)
    metadata = {"a": "1", "b": "2", "c": "3"}
    if refused:
        words = (403, "Maximum number of metadata items exceeds 2")
        assert refusal(cloud, "web", metadata=metadata) == words
    else:
        assert cloud.boot("web", flavor="m1.tiny", metadata=metadata)


def test_members_of_a_group():
    cloud = cloud_with(server_group_members=2)
    cloud.groups.create("web", policy="soft-affinity")
    cloud.boot("web", flavor="m1.tiny", group="web", count=2)
    cloud.run()
    words = "Quota exceeded, too many servers in group"
    assert refusal(cloud, "c", group="web") == (403, words)
    assert len(cloud.servers) == 2
    act(cloud.servers["web-1"], forceDelete=None)
    cloud.run()
    assert cloud.boot("c", flavor="m1.tiny", group="web")
