"""Journals of clouds in which little, or much, goes wrong."""

import pytest

from simnova import Cloud
from simnova.kernel.clock import Clock


@pytest.fixture(scope="session")
def real():
    """A boot."""
    cloud = Cloud(hosts=3)
    cloud.boot("web1")
    return cloud.run().journal


@pytest.fixture(scope="session")
def troubled():
    """A guest that does not start, a server too large, messages lost, services that die, and one that comes back."""
    cloud = Cloud(hosts=3, seed=3)
    cloud.fail("compute2", "start")
    cloud.boot("again")
    cloud.run()
    cloud.boot("huge", flavor="m1.xlarge")
    cloud.run()
    cloud.lose("build_and_run_instance")
    cloud.boot("lost")
    cloud.run()
    cloud.lose("select_destinations", reply=True)
    cloud.boot("waiting")
    cloud.run()
    cloud.duplicate("build_and_run_instance")
    cloud.crash("placement")
    cloud.boot("homeless")
    cloud.run()
    cloud.restart("placement")
    cloud.crash_at("rpc.call", "nova-conductor")
    cloud.boot("half")
    cloud.run()
    cloud.restart("nova-conductor")
    cloud.crash("nova-compute@compute1")
    return cloud.run(until=cloud.now + 100.0).journal


@pytest.fixture(scope="session")
def moved():
    """Two cells, a resize and a live migration, in a cloud whose work takes time."""
    cloud = Cloud(hosts=4, cells=2, costs="measured")
    web = cloud.boot("web")
    cloud.run()
    web.resize("m1.medium")
    cloud.run()
    web.confirm_resize()
    cloud.run()
    web.live_migrate()
    return cloud.run().journal


@pytest.fixture(scope="session")
def halfway():
    """A boot that is looked at while the conductor waits for the scheduler."""
    cloud = Cloud(hosts=2)
    cloud.submit("web")
    while not any(one.kind == "rpc.call" and not one.background for one in cloud.journal):
        cloud.step()
    return cloud.journal


@pytest.fixture(params=["real", "troubled", "moved", "halfway"])
def journal(request):
    """One journal after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def hand_made():
    """A journal with one event of each of those services, each because of the one before."""

    def make(*actors):
        journal = Clock().journal
        for seq, actor in enumerate(actors):
            cause = seq - 1 if seq else None
            journal.record("log", {"message": "x"}, actor=actor, cause=cause)
        return journal

    return make
