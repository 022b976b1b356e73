"""What real Nova's `_sync_power_states` and `_init_instance` made of a server in each state, and a guest in each.

Recorded from Nova 34.0.0 with its fake driver: a server in these states, whose power state is RUNNING in the database,
and a guest that runs, is paused or is off; how the row is afterwards, `error` where the method raised something.
"""

import json
from itertools import groupby
from pathlib import Path

import pytest

from simnova import Cloud
from simnova.nova.compute.manager import ComputeManager
from simnova.nova.context import get_admin_context
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.states import PowerState

DATA = Path(__file__).parent / "data"


def recorded(name):
    found = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]
    return [(vm, list(rows)) for vm, rows in groupby(found, key=lambda row: row["vm_state"])]


class Kept(ComputeManager):
    """The manager that was made last."""

    latest = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        Kept.latest = self


class Bed:
    """A server whose row and guest can be put into any state, and the manager of its host."""

    def __init__(self):
        config = {"periodic_enable": False}
        self.cloud = Cloud(hosts=1, managers={"nova-compute": Kept}, config=config)
        self.manager = Kept.latest
        self.server = self.cloud.boot("web").wait("ACTIVE")

    def put(self, vm_state, task_state, guest):
        values = {"vm_state": vm_state, "task_state": task_state, "power_state": 1}

        async def write():
            database = self.cloud.assembly.databases["nova_cell1"]
            await database.update("instances", {"uuid": self.server.id}, values)

        self.do(write(), "nova-conductor")
        found = self.cloud.assembly.simulated("compute1").guests[self.server.id]
        found.state = PowerState[guest]
        found.internal_id = None if guest == "SHUTDOWN" else 7

    def do(self, work, service="nova-compute@compute1"):
        self.cloud.clock.spawn(work, service=self.cloud.assembly.running[service])
        self.cloud.run()

    @property
    def row(self):
        columns = "vm_state, task_state, power_state"
        return list(self.cloud.sql(f"SELECT {columns} FROM nova_cell1.instances").rows[0])

    def init_instance(self):
        """Whether it raised something."""
        failed = []

        async def init():
            context = get_admin_context(self.manager.place)
            instance = await Instance.get_by_uuid(context, self.server.id)
            try:
                await self.manager._init_instance(context, instance)
            except Exception as error:
                failed.append(error)

        self.do(init())
        return bool(failed)


@pytest.fixture
def bed():
    made = Bed()
    yield made
    made.cloud.close()


@pytest.mark.parametrize(("vm_state", "rows"), recorded("sync_power_states"))
def test_sync_power_states(bed, vm_state, rows):
    for row in rows:
        bed.put(vm_state, row["task_state"], row["guest"])
        bed.do(bed.manager._sync_power_states())
        assert bed.row == row["ends"], row


@pytest.mark.parametrize(("vm_state", "rows"), recorded("init_instance"))
def test_init_instance(bed, vm_state, rows):
    for row in rows:
        bed.put(vm_state, row["task_state"], row["guest"])
        failed = bed.init_instance()
        assert ([*bed.row[:2]], failed) == (row["ends"], row["error"]), row
