"""A hard reboot makes a guest anew that is not defined, as `_hard_reboot` of Nova's libvirt driver does."""

from __future__ import annotations

import pytest

from simnova import Cloud, Host
from simnova.cloud.server import Server

pytestmark = pytest.mark.thorough


def failed_resize(cloud: Cloud, what: str) -> Server:
    """A server whose resize has failed on its new host, in that step of the driver or that method."""
    web = cloud.boot("web").wait("ACTIVE")
    (other,) = {"compute1", "compute2"} - {web.host}
    cloud.fail(other, what)
    web.resize("m1.medium")
    cloud.run()
    assert (web.status, web.host) == ("ERROR", other)
    return web


@pytest.mark.parametrize("what", ["finish_migration", "download", "overlay", "define", "start"])
def test_a_hard_reboot_recovers_a_server_whose_resize_failed_on_the_new_host(what: str) -> None:
    """In its old size, which it has got back (`_finish_resize` of `nova/compute/manager.py`)."""
    with Cloud(hosts=2) as cloud:
        web = failed_resize(cloud, what)
        told = "You may be able to recover the instance by hard rebooting it."
        assert told in " ".join(str(cloud.log(server=web)).split())
        web.reboot("HARD")
        cloud.run()
        assert web.status == "ACTIVE"
        guest = cloud.assembly.simulated(web.host).guests[web.id]
        assert guest.internal_id is not None
        assert guest.memory_mb == web.show()["flavor"]["ram"] == 2048


def test_one_that_is_deleted_instead_leaves_nothing_on_the_new_host() -> None:
    with Cloud(hosts=2) as cloud:
        web = failed_resize(cloud, "define")
        driver = cloud.assembly.simulated(web.host)
        assert web.id in driver.disks
        web.delete()
        cloud.run()
        assert web.status == "DELETED"
        assert (driver.guests, driver.disks, driver.arrived) == ({}, set(), set())


def test_a_soft_reboot_does_not_find_the_guest() -> None:
    with Cloud(hosts=2) as cloud:
        web = failed_resize(cloud, "define")
        web.reset_state("active")
        web.reboot("SOFT")
        cloud.run()
        assert web.status == "ERROR"


def test_a_domain_that_somebody_has_undefined_comes_back_on_libvirt() -> None:
    pytest.importorskip("libvirt")
    with Cloud(hosts=[Host("compute1", driver="test:///")]) as cloud:
        web = cloud.boot("web").wait("ACTIVE")
        connection = cloud.assembly.drivers["compute1"].driver.connection
        domain = connection.lookupByUUIDString(web.id)
        domain.destroy()
        domain.undefine()
        web.reboot("HARD")
        cloud.run()
        assert web.status == "ACTIVE"
        assert connection.lookupByUUIDString(web.id).isActive()
