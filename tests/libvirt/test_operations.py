"""The operations on libvirt's test hypervisor: what it can do is done, what it cannot is refused in Nova's words."""

import pytest
from life import LIFE, MOVED_AND_BACK

from simnova import Cloud, Host
from simnova.exceptions import NovaError

TOUR = {**LIFE, **MOVED_AND_BACK}


@pytest.fixture
def cloud():
    hosts = [Host(name, driver="test:///") for name in ("compute1", "compute2")]
    with Cloud(hosts) as made:
        yield made
        assert [e.data for e in made.journal if e.kind == "state.unexpected"] == []


@pytest.fixture
def server(cloud):
    booted = cloud.boot("web", flavor="m1.tiny").wait()
    cloud.run()
    return booted


def domains(cloud):
    return sorted(host for host, door in cloud.assembly.drivers.items() if door.driver.guests)


def test_a_servers_whole_life(cloud, server):
    for operation, status in TOUR.items():
        getattr(server, operation)()
        cloud.run()
        assert (server.status, server.task_state) == (status, None), operation
    server.resize("m1.small")
    cloud.run()
    server.confirm_resize()
    cloud.run()
    assert domains(cloud) == [server.host]
    server.create_image("snap")
    cloud.run()
    server.change_password("secret")
    cloud.run()
    assert server.status == "ACTIVE"
    server.delete()
    cloud.run()
    assert domains(cloud) == []


def test_what_the_test_hypervisor_cannot_do_is_refused_and_changes_nothing(cloud, server):
    with pytest.raises(NovaError, match="The requested functionality is not supported"):
        server.console_output()
    with pytest.raises(Exception, match="Attaching interfaces is not supported"):
        server.attach_interface()
    cloud.run()
    assert (server.status, server.task_state) == ("ACTIVE", None)
    assert len(cloud.sql("SELECT id FROM neutron.ports")) == 1
