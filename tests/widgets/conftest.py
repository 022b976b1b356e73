"""A boot as the doors write it, made by hand: three hosts, of which compute3 is too small."""

import json
from typing import Any

import pytest

from simnova.kernel.clock import Clock
from simnova.kernel.journal import Event, Journal

UUID = "57624fe1-cdd8-49bf-a5f7-3020ffe601c2"
REQUEST = "req-6a1f0c52-0b5e-4c5e-9d1b-3a2b4c5d6e7f"
HOSTS = {"compute1": (4, 8192), "compute2": (8, 16384), "compute3": (4, 1024)}


class Recorder:
    """Writes events one after the other, ten milliseconds apart, each caused by the one before."""

    def __init__(self) -> None:
        self.journal = Journal(Clock())

    def __call__(self, kind: str, actor: str, **data: Any) -> int:
        events = self.journal.events
        background = bool(data.pop("background", False))
        request = None if background else REQUEST
        cause = len(events) - 1 if events else None
        where = "nova/compute/api.py:42"
        events.append(
            Event(
                len(events), len(events) / 100, kind, actor, cause, request, where, background, data
            )
        )
        return len(events) - 1

    def ask(
        self, actor: str, to: str, method: str, path: str, status: int, body: Any = None
    ) -> None:
        """A request to a neighbour, and its answer."""
        asked = {"id": len(self.journal), "method": method, "path": path, "query": None}
        self("http.request", actor, to=to, **asked, body=None)
        self("http.response", to, to=actor, **asked, status=status, body=body)

    def insert(self, actor: str, db: str, table: str, key: Any, **row: Any) -> None:
        """A new row."""
        self("db.insert", actor, db=db, table=table, key=key, before=None, after=row)

    def update(self, actor: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        """A changed server."""
        self(
            "db.update",
            actor,
            db="nova_cell1",
            table="instances",
            key=1,
            before=before,
            after=after,
        )

    def cast(self, actor: str, to: str, topic: str, method: str, server: str | None = None) -> None:
        """A cast and its delivery."""
        body = json.dumps({"method": method, "args": {}})
        message = f"m{len(self.journal)}"
        self(
            "rpc.cast",
            actor,
            method=method,
            topic=topic,
            server=server,
            fanout=False,
            msg_id=None,
            body=body,
        )
        self(
            "amqp.publish",
            "rabbitmq",
            exchange="nova",
            routing_key=topic,
            queues=[topic],
            message=message,
        )
        self("amqp.deliver", to, queue=topic, message=message, redelivered=False)


def hosts(record: Recorder) -> None:
    for number, (name, (vcpus, memory)) in enumerate(HOSTS.items(), 1):
        record.insert(
            "nova-conductor",
            "nova_cell1",
            "compute_nodes",
            number,
            id=number,
            uuid=f"0000000{number}-0000-4000-8000-000000000000",
            host=name,
            hypervisor_hostname=name,
            hypervisor_type="fake",
            vcpus=vcpus,
            vcpus_used=0,
            memory_mb=memory,
            memory_mb_used=512,
            local_gb=80,
            local_gb_used=0,
            cpu_allocation_ratio=4.0,
            ram_allocation_ratio=1.0,
            disk_allocation_ratio=1.0,
            deleted=0,
        )


def scheduling(record: Recorder) -> None:
    body = json.dumps({"method": "select_destinations", "args": {}})
    call = {"method": "select_destinations", "msg_id": "1"}
    record(
        "rpc.call",
        "nova-conductor",
        **call,
        topic="scheduler",
        server=None,
        fanout=False,
        body=body,
    )
    record(
        "scheduler.filter",
        "nova-scheduler",
        filter="ComputeFilter",
        instance=UUID,
        asked=3,
        passed=3,
        verdicts=dict.fromkeys(HOSTS, True),
    )
    record(
        "scheduler.filter",
        "nova-scheduler",
        filter="RamFilter",
        instance=UUID,
        asked=3,
        passed=2,
        verdicts={"compute1": True, "compute2": True, "compute3": "2048 MB asked for, 512 MB left"},
    )
    weigher = {
        "name": "RAMWeigher",
        "multiplier": 1.0,
        "raw": {"compute1": 7680, "compute2": 15872},
        "normalized": {"compute1": 0.0, "compute2": 1.0},
    }
    record(
        "scheduler.weigh",
        "nova-scheduler",
        instance=UUID,
        weighers=[weigher],
        weights={"compute2": 1.0, "compute1": 0.0},
        order=["compute2", "compute1"],
    )
    record(
        "scheduler.select",
        "nova-scheduler",
        instance=UUID,
        host="compute2",
        alternates=["compute1"],
    )
    record("rpc.reply", "nova-scheduler", **call, to="nova-conductor", body="[]")


def boot(name: str = "web-1") -> Journal:
    """The journal of one boot of a server of that name."""
    record = Recorder()
    hosts(record)
    record(
        "log",
        "nova-compute@compute1",
        level="DEBUG",
        logger="nova",
        message="tick",
        background=True,
    )
    record("input", "client", verb="boot", args={"name": name, "flavor": "m1.small"})
    record.ask("client", "nova-api", "POST", "/v2.1/servers", 202)
    record.cast("nova-api", "nova-conductor", "conductor", "schedule_and_build_instances")
    scheduling(record)
    record.insert(
        "nova-conductor",
        "nova_cell1",
        "instances",
        1,
        id=1,
        uuid=UUID,
        display_name=name,
        host=None,
        node=None,
        vm_state="building",
        task_state="scheduling",
        power_state=0,
        vcpus=1,
        memory_mb=2048,
        root_gb=20,
        ephemeral_gb=0,
        deleted=0,
    )
    record.cast(
        "nova-conductor", "nova-compute@compute2", "compute", "build_and_run_instance", "compute2"
    )
    compute = "nova-compute@compute2"
    record(
        "log",
        compute,
        level="INFO",
        logger="nova.compute.manager",
        message=f"Boot {name}",
        instance=UUID,
    )
    record.update(compute, {"host": None, "node": None}, {"host": "compute2", "node": "compute2"})
    record.update(compute, {"task_state": "scheduling"}, {"task_state": "spawning"})
    record("virt.call", compute, method="spawn", instance=UUID, args={})
    record("virt.return", compute, method="spawn", instance=UUID, seconds=2.0, result=None)
    done = {"vm_state": "active", "task_state": None, "power_state": 1}
    record.update(
        compute, {"vm_state": "building", "task_state": "spawning", "power_state": 0}, done
    )
    return record.journal


@pytest.fixture
def journal() -> Journal:
    """The boot of web-1."""
    return boot()


HOSTILE = "<script>alert(1)</script>&amp;\"'\u202e"


@pytest.fixture
def hostile() -> Journal:
    """The boot of a server whose name is markup."""
    return boot(HOSTILE)
