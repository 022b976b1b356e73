"""What was sold, beside what real guests take of the machine."""

from simnova import Cloud, Host

from .conftest import up


def rows(cloud):
    return {(row["server"], row["host"]): row for row in cloud.used().as_dicts()}


def test_a_guest_takes_less_than_was_sold_until_it_writes(cloud, server):
    row = rows(cloud)["web", server.host]
    assert (row["VCPU"], row["RAM, MB"], row["disk, GB"]) == (1, 512, 1)
    assert 5 < row["resident, MB"] < 512
    assert row["CPU s"] > 0
    assert 0 < row["on disk, MB"] < 2
    domain = cloud.assembly.drivers[server.host].driver.connection.lookupByUUIDString(server.id)
    domain.suspend()
    before = len(cloud.journal)
    assert rows(cloud)["web", server.host]["resident, MB"] > 5
    assert len(cloud.journal) == before


def test_guests_share_one_base(cloud, server):
    before = rows(cloud)["(base images)", server.host]["on disk, MB"]
    assert before > 0
    up(cloud.boot("db", flavor="m1.small", host=server.host).wait())
    found = rows(cloud)
    assert found["(base images)", server.host]["on disk, MB"] == before
    assert found["db", server.host]["disk, GB"] == 20
    assert found["db", server.host]["on disk, MB"] < 2


def test_a_guest_that_is_off_has_a_disk_and_no_memory(cloud, server):
    server.stop()
    cloud.run()
    row = rows(cloud)["web", server.host]
    assert (row["resident, MB"], row["CPU s"]) == (None, None)
    assert row["on disk, MB"] > 0


def test_a_simulated_guest_takes_nothing():
    cloud = Cloud([Host("compute1")])
    cloud.boot("web")
    cloud.run()
    (row,) = cloud.used().as_dicts()
    assert (row["RAM, MB"], row["resident, MB"], row["on disk, MB"]) == (2048, None, None)
