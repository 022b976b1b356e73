"""Whatever is asked of a cloud and whatever breaks: Placement, the trackers, the hypervisors and the servers agree.

A rule is one thing that somebody does; between two of them some time passes, or none. At a quiet point everything that
was down is started again, the periodic audits have their turn, and then the books must be right.
"""

from collections import Counter, defaultdict
from typing import NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from simnova import Cloud, Host
from simnova.cloud.client import Refused

HOSTS = [
    Host("compute1", vcpus=2, memory_mb=6656, local_gb=200),
    Host("compute2", vcpus=4, memory_mb=4608, local_gb=100),
    Host("compute3", vcpus=1, memory_mb=8704, local_gb=60),
]
NAMES = [host.name for host in HOSTS]
SCHEDULERS = ["nova-scheduler", "nova-scheduler:2"]
RESERVED_MB = 512
AUDIT = 130.0
"""Seconds in which every audit has its turn: every 60, the first up to 60 later."""

PROVIDERS = """
    SELECT p.name, i.resource_class_id, i.total, i.reserved, i.allocation_ratio, i.max_unit,
           (SELECT COALESCE(SUM(a.used), 0) FROM placement.allocations a
            WHERE a.resource_provider_id = p.id AND a.resource_class_id = i.resource_class_id) AS used
    FROM placement.inventories i JOIN placement.resource_providers p ON p.id = i.resource_provider_id
"""
ALLOCATIONS = """
    SELECT a.consumer_id, p.name, a.resource_class_id, a.used
    FROM placement.allocations a JOIN placement.resource_providers p ON p.id = a.resource_provider_id
"""
INSTANCES = """
    SELECT uuid, host, vm_state, task_state, vcpus, memory_mb, root_gb, ephemeral_gb
    FROM nova_cell{0}.instances WHERE deleted = 0
"""
NODES = "SELECT host, vcpus_used, memory_mb_used, local_gb_used, running_vms FROM nova_cell1.compute_nodes"
CLASSES = ("VCPU", "MEMORY_MB", "DISK_GB")


class Row(NamedTuple):
    """A server in a cell's database."""

    uuid: str
    host: str | None
    vm_state: str
    task_state: str | None
    vcpus: int
    memory_mb: int
    root_gb: int
    ephemeral_gb: int

    @property
    def size(self):
        """What its flavor takes, in the order of Placement's classes."""
        return self.vcpus, self.memory_mb, self.root_gb + self.ephemeral_gb

    @property
    def settled(self):
        """Whether nobody is at work on it, or should be."""
        return self.task_state in (None, "-") and self.vm_state != "building"


class Operators(RuleBasedStateMachine):
    """Users and operators of one cloud with two schedulers, and accidents."""

    requests = Bundle("requests")

    def __init__(self):
        super().__init__()
        quota = dict.fromkeys(("quota.instances", "quota.cores", "quota.ram"), -1)
        self.cloud = Cloud(hosts=HOSTS, config={"scheduler.workers": 2, **quota}, level="summary")
        self.deleted = set()
        self.spoiled = set()
        self.leaky = False

    # --- users ----------------------------------------------------------------------------------------------------

    @rule(
        target=requests,
        flavor=st.sampled_from(["m1.tiny", "m1.small", "m1.medium"]),
        count=st.sampled_from([1, 1, 1, 2, 3]),
    )
    def create(self, flavor, count):
        return self.cloud.submit("server", flavor=flavor, count=count)

    @rule(target=requests, number=st.integers(2, 4))
    def create_at_once(self, number):
        """Several requests in one instant: both schedulers are at work."""
        return multiple(*[self.cloud.submit(f"racer{n}") for n in range(number)])

    @rule(request=consumes(requests))
    def delete(self, request):
        """At whatever point of its life a server is; what has no answer yet is left alone."""
        if not request.done or request.error is not None:
            return
        for server in request.servers:
            row = {row.uuid: row for row in self.rows(1)}.get(server.id)
            if row is not None and row.host in self.down(NAMES, "nova-compute@"):
                self.spoiled.add(server.id)
            self.deleted.add(server.id)
            try:
                server.delete()
            except Refused as refused:
                if refused.code not in (404, 409):
                    raise

    @rule(seconds=st.sampled_from([0.01, 0.05, 0.1, 0.3, 1.0, 5.0, 70.0]))
    def time_passes(self, seconds):
        self.cloud.run(until=self.cloud.now + seconds)

    # --- operators ------------------------------------------------------------------------------------------------

    @rule(host=st.sampled_from(NAMES))
    def disable_or_enable(self, host):
        (row,) = [
            row for row in self.cloud.services.rows() if row["name"] == f"nova-compute@{host}"
        ]
        services = self.cloud.services
        (services.disable if row["status"] == "enabled" else services.enable)(host)

    # --- accidents ------------------------------------------------------------------------------------------------

    @rule(host=st.sampled_from(NAMES), politely=st.booleans())
    def lose_host(self, host, politely):
        name = f"nova-compute@{host}"
        if not self.cloud.assembly.running[name].alive:
            return
        self.spoiled |= {row.uuid for row in self.rows(1) if not row.settled}
        (self.cloud.stop if politely else self.cloud.crash)(name)

    @rule(host=st.sampled_from(NAMES))
    def return_host(self, host):
        if host in self.down(NAMES, "nova-compute@"):
            self.cloud.start(f"nova-compute@{host}")

    @rule(name=st.sampled_from(SCHEDULERS))
    def lose_or_return_scheduler(self, name):
        if self.cloud.assembly.running[name].alive:
            self.leaky = True
            self.cloud.crash(name)
        else:
            self.cloud.start(name)

    @rule(host=st.sampled_from(NAMES), times=st.integers(1, 2))
    def hypervisor_fails(self, host, times):
        self.cloud.fail(host, "spawn", times=times)

    @rule(reply=st.booleans())
    def message_is_lost(self, reply):
        self.leaky = self.leaky or reply
        self.cloud.lose("select_destinations", reply=reply)

    # --- the books ------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_oversold(self):
        for name, kind, total, reserved, ratio, _, used in self.cloud.sql(PROVIDERS).rows:
            assert used <= (total - reserved) * ratio, f"{name}: {used} of {CLASSES[kind]}"

    @rule()
    def quiet(self):
        """Everything that was down comes back, everything that was begun ends, the audits run: the books are right."""
        for name in self.down(self.cloud.assembly.running):
            self.cloud.start(name)
        self.cloud.run()
        self.cloud.run(until=self.cloud.now + AUDIT)
        self.cloud.run()
        placed, buried = self.rows(1), self.rows(0)
        self.no_server_hangs([*placed, *buried])
        self.allocations_are_the_servers(placed, buried)
        self.trackers_are_right(placed)
        self.guests_are_the_servers(placed)

    def no_server_hangs(self, servers):
        for row in servers:
            nobodys = row.host is None and row.uuid in self.spoiled
            assert row.settled or nobodys, f"{row} hangs"

    def allocations_are_the_servers(self, placed, buried):
        held = defaultdict(dict)
        for consumer, host, kind, used in self.cloud.sql(ALLOCATIONS).rows:
            held[consumer, host][kind] = used
        for row in placed:
            if row.host and row.vm_state not in ("error", "building"):
                expected = {kind: amount for kind, amount in enumerate(row.size) if amount}
                assert held[row.uuid, row.host] == expected, (
                    f"{row} holds {held[row.uuid, row.host]}"
                )
        hosts = {row.uuid: row.host for row in placed} | {row.uuid: None for row in buried}
        for consumer, host in held:
            assert consumer in hosts, f"{consumer}, which is gone, holds something of {host}"
            excused = self.leaky or consumer in self.spoiled
            assert hosts[consumer] == host or excused, (
                f"{consumer} on {hosts[consumer]} holds {host}"
            )

    def trackers_are_right(self, placed):
        sums, counts = defaultdict(lambda: [0, RESERVED_MB, 0]), Counter()
        for row in placed:
            if row.host:
                sums[row.host] = [
                    had + more for had, more in zip(sums[row.host], row.size, strict=True)
                ]
                counts[row.host] += 1
        for host, *used, running in self.cloud.sql(NODES).rows:
            assert used == sums[host], f"{host} says {used}, its servers have {sums[host]}"
            assert running == counts[host]

    def guests_are_the_servers(self, placed):
        excused = self.spoiled | {row.uuid for row in placed if row.vm_state == "error"}
        for host in NAMES:
            guests = set(self.cloud.assembly.simulated(host).guests) - excused
            assert guests == {row.uuid for row in placed if row.host == host} - excused, host

    # --- helpers --------------------------------------------------------------------------------------------------

    def rows(self, cell):
        return [Row(*row) for row in self.cloud.sql(INSTANCES.format(cell)).rows]

    def down(self, names, prefix=""):
        """Those of the names whose service is down."""
        return [name for name in names if not self.cloud.assembly.running[prefix + name].alive]

    def teardown(self):
        """The books once more, and the whole of it again: a fork repeats every event."""
        try:
            self.quiet()
            with self.cloud.fork() as twin:
                assert len(twin.journal) == len(self.cloud.journal)
        finally:
            self.cloud.close()


TestNothingIsOversold = Operators.TestCase
TestNothingIsOversold.settings = settings(
    max_examples=6,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
