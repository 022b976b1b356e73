"""A manager of one's own in the place of Nova's: what it may be, what it does, and that a fork has it too."""

import pytest

from simnova import Cloud, UsageError
from simnova.nova import exception
from simnova.nova.compute.manager import ComputeManager
from simnova.nova.conductor.compute_task import ComputeTaskManager
from simnova.nova.conductor.manager import ConductorManager
from simnova.nova.scheduler.manager import SchedulerManager


class Choosy(ComputeManager):
    """Builds nothing on compute1."""

    async def _prep_block_device(self, build):
        if self.host == "compute1":
            raise exception.InvalidBDM()
        await super()._prep_block_device(build)


class Closed(SchedulerManager):
    """Has no host for anybody."""

    async def select_destinations(self, context, spec_obj, instance_uuids, **asked):
        raise exception.NoValidHost(reason="closed today")


class Slow(ComputeTaskManager):
    """Waits five seconds before it builds."""

    async def schedule_and_build_instances(self, context, build_requests, **more):
        await context.here.clock.sleep(5)
        await super().schedule_and_build_instances(context, build_requests, **more)


class Counting(ConductorManager):
    """Counts what computes ask of objects."""

    asked = 0

    async def object_action(self, context, objinst, objmethod, args, kwargs):
        type(self).asked += 1
        return await super().object_action(context, objinst, objmethod, args, kwargs)


def test_a_compute_manager_fails_and_the_build_goes_on_elsewhere():
    cloud = Cloud(hosts=2, managers={"nova-compute": Choosy})
    assert {cloud.boot(name).wait().host for name in "ab"} == {"compute2"}
    assert any(one.data.get("method") == "build_instances" for one in cloud.journal)


def test_a_scheduler_that_is_closed_leaves_the_server_in_error():
    cloud = Cloud(hosts=1, managers={"nova-scheduler": Closed})
    server = cloud.boot("web")
    cloud.run()
    assert server.status == "ERROR"
    assert server.fault == "No valid host was found. closed today"


def test_both_managers_of_the_conductor():
    cloud = Cloud(hosts=1, managers={"nova-conductor": [Slow, Counting]})
    begun = cloud.now
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert cloud.now > begun + 5
    assert Counting.asked > 0


def test_a_fork_has_the_same_managers():
    cloud = Cloud(hosts=2, managers={"nova-compute": Choosy})
    cloud.boot("web").wait()
    with cloud.fork() as twin:
        assert twin.boot("more").wait().host == "compute2"


@pytest.mark.parametrize(
    ("managers", "text"),
    [
        (
            {"nova-compute": Closed},
            "managers: Closed is no manager of nova-compute: derive a class from ComputeManager, "
            "and give the class itself",
        ),
        (
            {"nova-conductor": 3},
            "managers: 3 is no manager of nova-conductor: derive a class from ComputeTaskManager "
            "or ConductorManager, and give the class itself",
        ),
        (
            {"nova-computer": Choosy},
            "unknown service with a manager 'nova-computer': did you mean 'nova-compute'?",
        ),
        ([Choosy], "give a dict, as in managers={'nova-compute': MyManager}"),
    ],
)
def test_what_is_no_manager_is_refused(managers, text):
    with pytest.raises(UsageError) as refused:
        Cloud(hosts=1, managers=managers)
    assert text in str(refused.value)
