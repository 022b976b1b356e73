"""Journals written by hand: what a boot writes at its doors, in miniature, for odd events and early days."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simnova import Cloud
from simnova.kernel.clock import Clock
from simnova.kernel.journal import KINDS, Journal, Kind

SCRIPT = "<script>alert('&')</script>"
UUID = "57624fe1-cdd8-49bf-a5f7-3020ffe601c2"
NODES = {
    "compute1": "11111111-1111-4111-8111-111111111111",
    "compute2": "22222222-2222-4222-8222-222222222222",
    "compute3": "33333333-3333-4333-8333-333333333333",
}


class Hand:
    """Writes events into a journal, each caused by the one before unless told otherwise."""

    def __init__(self, name: str = "web1") -> None:
        self.clock = Clock()
        self.journal: Journal = self.clock.journal
        self.name = name
        self.ids = 0

    def __call__(self, actor: str, kind: str, **data: Any) -> int:
        """Write one event and return its number; a name `background` or `cause` in the data is the event's own."""
        KINDS.setdefault(kind, Kind(kind, frozenset()))
        own = {name: data.pop(name) for name in ("background", "cause") if name in data}
        own.setdefault("cause", len(self.journal) - 1 if len(self.journal) else None)
        self.clock.advance(0.001)
        event = self.journal.record(kind, data, actor=actor, request_id="req-1", **own)
        return event.seq

    def row(self, actor: str, place: str, key: Any, **after: Any) -> int:
        """Insert a row."""
        db, table = place.split(".")
        return self(actor, "db.insert", db=db, table=table, key=key, before=None, after=after)

    def change(self, actor: str, place: str, key: Any, **columns: tuple[Any, Any]) -> int:
        """Change columns of a row, each given as (before, after)."""
        db, table = place.split(".")
        before = {name: pair[0] for name, pair in columns.items()}
        after = {name: pair[1] for name, pair in columns.items()}
        return self(actor, "db.update", db=db, table=table, key=key, before=before, after=after)

    def http(self, source: str, to: str, method: str, path: str, status: int, **about: Any) -> int:
        """A request and its answer; `query`, `sent` and `got` are what they carry. Returns the answer's number."""
        self.ids += 1
        key = {"id": self.ids, "method": method, "path": path}
        texts = {
            name: json.dumps(about[name]) if name in about else None for name in ("sent", "got")
        }
        self(source, "http.request", **key, to=to, query=about.get("query"), body=texts["sent"])
        return self(to, "http.response", **key, to=source, status=status, body=texts["got"])

    def message(self, actor: str, kind: str, to: str, queue: str, **data: Any) -> int:
        """An RPC event, its way through the broker, and its arrival. Returns the number of the RPC event."""
        seq = self(actor, kind, **data)
        self.ids += 1
        exchange = data.get("exchange", "nova")
        self(
            "rabbitmq",
            "amqp.publish",
            cause=seq,
            exchange=exchange,
            routing_key=queue,
            queues=[queue],
            message=self.ids,
        )
        self(to, "amqp.deliver", queue=queue, message=self.ids, redelivered=False)
        self(to, "amqp.ack", queue=queue, message=self.ids)
        return seq


def cloud(hand: Hand) -> None:
    """Three hosts of 8 VCPU, 8192 MB and 100 GB; compute2 is nearly full."""
    for key, (host, uuid) in enumerate(NODES.items(), 1):
        hand(f"nova-compute@{host}", "service.start", background=True)
        hand.row(
            "nova-conductor",
            "nova_cell1.services",
            key,
            id=key,
            host=host,
            binary="nova-compute",
            deleted=0,
        )
        hand.row(
            "nova-conductor", "nova_cell1.compute_nodes", key, id=key, uuid=uuid, host=host, deleted=0,
            hypervisor_hostname=host, vcpus=8, memory_mb=8192, local_gb=100,
            vcpus_used=0, memory_mb_used=512, local_gb_used=0,
        )  # fmt: skip
        hand.row("placement", "placement.resource_providers", key, id=key, uuid=uuid, name=host)
        for kind, (total, reserved, ratio) in enumerate(
            ((8, 0, 4.0), (8192, 512, 1.0), (100, 0, 1.0))
        ):
            hand.row(
                "placement", "placement.inventories", 10 * key + kind, resource_provider_id=key, resource_class_id=kind,
                total=total, reserved=reserved, max_unit=total, allocation_ratio=ratio,
            )  # fmt: skip
    hand.row(
        "placement", "placement.allocations", 1, resource_provider_id=2, resource_class_id=1,
        consumer_id="another", used=7000,
    )  # fmt: skip


def boot(hand: Hand) -> None:
    """A boot of 1 VCPU, 2048 MB and 20 GB."""
    hand("client", "input", verb="boot", args={"name": hand.name})
    instance = {"instance": UUID}
    hand.row(
        "nova-api",
        "nova_api.build_requests",
        1,
        instance_uuid=UUID,
        instance={"display_name": hand.name},
    )
    hand.http(
        "client",
        "nova-api",
        "POST",
        "/v2.1/servers",
        202,
        sent={"server": {"name": hand.name}},
        got={"server": {"id": UUID}},
    )
    hand.message(
        "nova-api", "rpc.cast", "nova-conductor", "conductor",
        method="schedule_and_build_instances", topic="conductor", server=None, fanout=False,
        exchange="nova", msg_id=None,
    )  # fmt: skip
    hand.message(
        "nova-conductor", "rpc.call", "nova-scheduler", "scheduler",
        method="select_destinations", topic="scheduler", server=None, fanout=False, exchange="nova", msg_id="m1",
    )  # fmt: skip
    decide(hand)
    hand.message(
        "nova-scheduler", "rpc.reply", "nova-conductor", "reply_1",
        method="select_destinations", msg_id="m1", exchange="",
        body=json.dumps({"result": [[{"nova_object.data": {"service_host": "compute1"}}]]}),
    )  # fmt: skip
    hand.row(
        "nova-conductor", "nova_cell1.instances", 1, id=1, uuid=UUID, display_name=hand.name,
        vm_state="building", task_state="scheduling", power_state=0, vcpus=1, memory_mb=2048,
        root_gb=20, deleted=0, user_id="u1", project_id="p1",
    )  # fmt: skip
    hand.message(
        "nova-conductor", "rpc.cast", "nova-compute@compute1", "compute.compute1",
        method="build_and_run_instance", topic="compute", server="compute1", fanout=False, exchange="nova", msg_id=None,
    )  # fmt: skip
    hand(
        "nova-compute@compute1",
        "log",
        level="INFO",
        logger="nova.compute.claims",
        message="Claim successful on node compute1",
        **instance,
    )
    hand.change(
        "nova-conductor",
        "nova_cell1.instances",
        1,
        host=(None, "compute1"),
        node=(None, "compute1"),
    )
    hand.change("nova-conductor", "nova_cell1.instances", 1, task_state=("scheduling", "spawning"))
    hand("nova-compute@compute1", "virt.call", method="spawn", instance=UUID, args={})
    hand.clock.advance(2.5)
    hand(
        "nova-compute@compute1",
        "virt.return",
        method="spawn",
        instance=UUID,
        seconds=2.5,
        result=None,
    )
    hand.change(
        "nova-conductor", "nova_cell1.instances", 1,
        vm_state=("building", "active"), task_state=("spawning", None), power_state=(0, 1),
    )  # fmt: skip


def decide(hand: Hand) -> None:
    """Placement's candidates, two filters, two weighers, a choice."""
    found = {NODES[host]: {"resources": {}} for host in ("compute1", "compute3")}
    got = {
        "allocation_requests": [{"allocations": {uuid: one}} for uuid, one in found.items()],
        "provider_summaries": found,
    }
    query = (
        "limit=1000&resources=DISK_GB%3A20%2CMEMORY_MB%3A2048%2CVCPU%3A1"
        "&root_required=OWNER_NOVA%2C%21COMPUTE_STATUS_DISABLED"
    )
    hand.http(
        "nova-scheduler", "placement", "GET", "/allocation_candidates", 200, query=query, got=got
    )
    passed = {"compute1": True, "compute3": True}
    hand(
        "nova-scheduler",
        "scheduler.filter",
        filter="ComputeFilter",
        instance=UUID,
        asked=2,
        passed=2,
        verdicts=passed,
    )
    weights = {"compute1": 1.0, "compute3": 0.5}
    raw = {"compute1": 7680, "compute3": 3840}
    weigher = {"name": "RAMWeigher", "multiplier": 1.0, "raw": raw, "normalized": weights}
    hand(
        "nova-scheduler",
        "scheduler.weigh",
        instance=UUID,
        weighers=[weigher],
        weights=weights,
        order=list(weights),
    )
    hand(
        "nova-scheduler",
        "scheduler.select",
        instance=UUID,
        host="compute1",
        alternates=["compute3"],
    )


@pytest.fixture
def hand() -> Hand:
    """A pen, with a cloud of three hosts already written."""
    pen = Hand()
    cloud(pen)
    return pen


@pytest.fixture
def uuid() -> str:
    """The uuid of the server that a hand-made boot makes."""
    return UUID


@pytest.fixture(scope="session")
def booted() -> Journal:
    """The journal of a hand-made cloud of three hosts and one boot."""
    pen = Hand()
    cloud(pen)
    boot(pen)
    return pen.journal


@pytest.fixture(scope="session")
def hostile() -> Journal:
    """The same, with a server whose name would like to be markup."""
    pen = Hand(SCRIPT)
    cloud(pen)
    boot(pen)
    pen("nova-api", "log", level="INFO", logger="nova", message=f"{SCRIPT}\x1b[31m\x00 & more")
    return pen.journal


@pytest.fixture(scope="session")
def real() -> Cloud:
    """A cloud of three hosts that has booted web1."""
    made = Cloud(hosts=3)
    made.boot("web1")
    return made.run()


@pytest.fixture(scope="session")
def troubled() -> Cloud:
    """A cloud in which a first host failed, no host was large enough, a cast, a reply and a service were lost."""
    made = Cloud(hosts=3)
    made.fail("compute2", "start")
    made.boot("again")
    made.run()
    made.boot("huge", flavor="m1.xlarge")
    made.run()
    made.lose("build_and_run_instance")
    made.boot("lost")
    made.run()
    made.lose("select_destinations", reply=True)
    made.boot("waiting")
    made.run()
    made.crash("nova-compute@compute1")
    return made.run(until=made.now + 100.0)
