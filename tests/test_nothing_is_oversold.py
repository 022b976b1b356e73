"""Whatever is asked of a cloud and whatever breaks: Placement, the trackers, the hypervisors and the servers agree.

A rule is one thing that somebody does; between two of them some time passes, or none. At a quiet point everything that
was down is started again, the periodic audits have their turn, and then the books must be right.
`SIMNOVA_EXAMPLES=500 SIMNOVA_STEPS=40` walks further than the suite does.
"""

import pytest
from books import AUDIT, Books, walk
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from simnova import Cloud, Host

pytestmark = pytest.mark.thorough

HOSTS = [
    Host("compute1", vcpus=2, memory_mb=6656, local_gb=200),
    Host("compute2", vcpus=4, memory_mb=4608, local_gb=100),
    Host("compute3", vcpus=1, memory_mb=8704, local_gb=60),
]
NAMES = [host.name for host in HOSTS]
SCHEDULERS = ["nova-scheduler", "nova-scheduler:2"]
FLAVORS = ["m1.tiny", "m1.small", "m1.medium"]
FAILING = [
    *("spawn", "destroy", "migrate_disk_and_power_off", "finish_migration", "confirm_migration"),
    "finish_revert_migration",
]


class Operators(RuleBasedStateMachine):
    """Users and operators of one cloud with two schedulers, and accidents."""

    requests = Bundle("requests")

    def __init__(self):
        super().__init__()
        config = dict.fromkeys(("quota.instances", "quota.cores", "quota.ram"), -1)
        config |= {"scheduler.workers": 2, "allow_resize_to_same_host": True}
        self.cloud = Cloud(hosts=HOSTS, config=config, level="summary")
        self.hit, self.leaky = set(), False
        self.calls = []

    @initialize(target=requests, flavors=st.lists(st.sampled_from(FLAVORS), min_size=2, max_size=4))
    def begin(self, flavors):
        """There are some servers already."""
        asked = [self.cloud.submit("server", flavor=flavor) for flavor in flavors]
        self.cloud.run()
        return multiple(*asked)

    # --- users ----------------------------------------------------------------------------------------------------

    @rule(
        target=requests,
        flavor=st.sampled_from(FLAVORS),
        count=st.sampled_from([1, 1, 1, 2, 3]),
        host=st.sampled_from([None, None, None, *NAMES]),
    )
    def create(self, flavor, count, host):
        return self.cloud.submit("server", flavor=flavor, count=count, host=host)

    @rule(target=requests, number=st.integers(2, 4))
    def create_at_once(self, number):
        """Several requests in one instant: both schedulers are at work."""
        return multiple(*[self.cloud.submit(f"racer{n}") for n in range(number)])

    @rule(request=requests)
    def delete(self, request):
        """At whatever point of its life a server is."""
        for server in self.servers_of(request):
            row = Books(self.cloud).servers.get(server.id)
            if row is not None and row.host in self.down(NAMES, "nova-compute@"):
                self.hit.add(server.id)
            self.calls.append(self.cloud.send("DELETE", f"/v2.1/servers/{server.id}"))

    @rule(request=requests, flavor=st.sampled_from(FLAVORS))
    def resize(self, request, flavor):
        self.act(request, "resize", {"flavorRef": self.cloud.flavors.id_of(flavor)})

    @rule(request=requests, host=st.sampled_from([None, *NAMES]))
    def migrate(self, request, host):
        self.act(request, "migrate", {"host": host} if host else None)

    @rule(request=requests, flavor=st.sampled_from([None, *FLAVORS]))
    def move(self, request, flavor):
        """Far enough for a decision: without this a walk seldom comes there."""
        value = {"flavorRef": self.cloud.flavors.id_of(flavor)} if flavor else None
        self.act(request, "resize" if flavor else "migrate", value)
        self.cloud.run(until=self.cloud.now + 8)

    @rule(request=requests, end=st.sampled_from(["confirmResize", "revertResize"]))
    def end_resize(self, request, end):
        self.act(request, end)

    @rule(request=requests, power=st.sampled_from(["os-stop", "os-start"]))
    def switch(self, request, power):
        self.act(request, power)

    @rule(seconds=st.sampled_from([0.01, 0.05, 0.1, 0.3, 1.0, 5.0, 70.0]))
    def time_passes(self, seconds):
        self.cloud.run(until=self.cloud.now + seconds)

    # --- operators ------------------------------------------------------------------------------------------------

    @rule(host=st.sampled_from(NAMES))
    def disable_or_enable(self, host):
        services = self.cloud.services
        status = {row["name"]: row["status"] for row in services.rows()}[f"nova-compute@{host}"]
        (services.disable if status == "enabled" else services.enable)(host)

    # --- accidents ------------------------------------------------------------------------------------------------

    @rule(host=st.sampled_from(NAMES), politely=st.booleans())
    def lose_or_return_host(self, host, politely):
        name = f"nova-compute@{host}"
        self.hit |= self.under_way()
        if not self.cloud.assembly.running[name].alive:
            self.cloud.start(name)
        elif politely:
            self.cloud.stop(name)
        else:
            self.cloud.crash(name)

    @rule(name=st.sampled_from(SCHEDULERS))
    def lose_or_return_scheduler(self, name):
        if self.cloud.assembly.running[name].alive:
            self.hit |= self.under_way()
            self.leaky = True
            self.cloud.crash(name)
        else:
            self.cloud.start(name)

    @rule(host=st.sampled_from(NAMES), what=st.sampled_from(FAILING), times=st.integers(1, 2))
    def hypervisor_fails(self, host, what, times):
        self.cloud.fail(host, what, times=times)

    @rule()
    def message_is_lost(self):
        self.cloud.lose("select_destinations")

    # --- the books ------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_oversold(self):
        Books(self.cloud).nothing_is_oversold()

    @rule()
    def quiet(self):
        """Everything that was down comes back, everything that was begun ends, the audits run: the books are right."""
        for name in self.down(self.cloud.assembly.running):
            self.cloud.start(name)
        self.cloud.run()
        self.cloud.run(until=self.cloud.now + AUDIT)
        self.cloud.run()
        Books(self.cloud, self.hit, self.leaky).agree()

    # --- helpers --------------------------------------------------------------------------------------------------

    def servers_of(self, request):
        """Those that a request has made; what has no answer yet has none."""
        return request.servers if request.answer else []

    def act(self, request, action, value=None):
        for server in self.servers_of(request)[:1]:
            path = f"/v2.1/servers/{server.id}/action"
            self.calls.append(self.cloud.send("POST", path, {action: value}))

    def under_way(self):
        """Whom an accident hits now: what is being done to them is lost, or done with what is true no more."""
        books = Books(self.cloud)
        ending = {m.server for m in books.migrations if m.status in ("confirming", "reverting")}
        asked = self.cloud.sql("SELECT instance_uuid FROM nova_api.build_requests").rows
        return (
            ending
            | {uuid for (uuid,) in asked}
            | {row.uuid for row in books.servers.values() if not row.settled}
        )

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
TestNothingIsOversold.settings = walk(examples=5, steps=14)
