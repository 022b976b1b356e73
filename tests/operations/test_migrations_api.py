"""`GET /os-migrations`: every move of every server, filtered, the newest first, in pages."""

import pytest

from simnova import Cloud, Refused


@pytest.fixture(scope="module")
def moved():
    """A server that was resized, migrated off and on; another that was moved once."""
    cloud = Cloud(["host1", "host2", "host3"], seed=0)
    web = cloud.boot("web", flavor="m1.tiny", image="cirros", host="host1")
    db = cloud.boot("db", flavor="m1.tiny", image="cirros", host="host2")
    cloud.run()
    web.resize("m1.small")
    cloud.run()
    web.confirm_resize()
    cloud.run()
    web.live_migrate()
    cloud.run()
    db.migrate(host="host3")
    cloud.run()
    yield cloud, web, db
    cloud.close()


def listed(cloud, query="", version="2.104"):
    path = f"/v2.1/os-migrations{query}"
    return cloud.request("GET", path, openstack_api_version=f"compute {version}")


def test_the_newest_comes_first(moved):
    cloud, web, db = moved
    found = listed(cloud)["migrations"]
    assert [(one["instance_uuid"], one["migration_type"], one["status"]) for one in found] == [
        (db.id, "migration", "finished"),
        (web.id, "live-migration", "completed"),
        (web.id, "resize", "confirmed"),
    ]
    assert (found[0]["source_compute"], found[0]["dest_compute"]) == ("host2", "host3")
    assert found[0]["created_at"].endswith(".000000")


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("?migration_type=resize", ["resize"]),
        ("?status=completed", ["live-migration"]),
        ("?host=host3&migration_type=migration", ["migration"]),
        ("?source_compute=host2&migration_type=migration", ["migration"]),
        ("?host=nix", []),
        ("?changes-since=2030-01-01T00:00:00Z", []),
        ("?changes-before=2030-01-01T00:00:00Z", ["migration", "live-migration", "resize"]),
        ("?limit=1", ["migration"]),
        ("?limit=0", []),
    ],
)
def test_it_is_filtered(moved, query, kinds):
    found = listed(moved[0], query)["migrations"]
    assert [one["migration_type"] for one in found] == kinds


def test_the_server_filters_too(moved):
    cloud, web, _ = moved
    assert len(listed(cloud, f"?instance_uuid={web.id}")["migrations"]) == 2


def test_pages_follow_one_another(moved):
    cloud, *_ = moved
    seen, query = [], "?limit=2"
    while query:
        answer = listed(cloud, query)
        seen += [one["id"] for one in answer["migrations"]]
        links = answer.get("migrations_links")
        query = "?" + links[0]["href"].partition("?")[2] if links else ""
    assert seen == [one["id"] for one in listed(cloud)["migrations"]]


def test_older_versions_show_less(moved):
    cloud, *_ = moved
    assert "migration_type" not in listed(cloud, version="2.22")["migrations"][0]
    assert "uuid" not in listed(cloud, version="2.58")["migrations"][0]
    assert "user_id" not in listed(cloud, version="2.79")["migrations"][0]
    assert [one["id"] for one in listed(cloud, version="2.58")["migrations"]] == [1, 2, 3]


def test_one_that_is_under_way_has_a_link_to_its_progress():
    cloud = Cloud(2, seed=0)
    server = cloud.boot("web", flavor="m1.tiny", image="cirros")
    cloud.run()
    server.write_memory(9000)
    server.live_migrate()
    cloud.run(until=cloud.now + 5)
    (found,) = listed(cloud)["migrations"]
    link = found["links"][0]["href"].removeprefix("http://nova-api")
    assert cloud.request("GET", link)["migration"]["uuid"] == found["uuid"]
    cloud.close()


@pytest.mark.parametrize(
    ("query", "version", "code"),
    [
        ("?marker=nix", "2.104", 400),
        ("?limit=-1", "2.104", 400),
        ("?colour=red", "2.104", 400),
        ("?user_id=x", "2.79", 400),
        ("?changes-before=2030-01-01T00:00:00Z", "2.65", 400),
        ("?changes-since=2031-01-01T00:00:00Z&changes-before=2030-01-01T00:00:00Z", "2.104", 400),
    ],
)
def test_what_it_does_not_know_is_refused(moved, query, version, code):
    with pytest.raises(Refused) as refused:
        listed(moved[0], query, version)
    assert refused.value.code == code


def test_only_an_administrator_may(moved):
    with pytest.raises(Refused, match="os_compute_api:os-migrations:index") as refused:
        moved[0].request("GET", "/v2.1/os-migrations", user="demo")
    assert refused.value.code == 403
