"""Any operation on any server at any moment, and nothing breaks: in the end all who keep books about it agree.

Everything is asked over the API, without waiting: what a server's state does not allow is refused, what comes too late
fails in good order, and nothing is left hanging.
`SIMNOVA_EXAMPLES=500 SIMNOVA_STEPS=40` walks further than the suite does.
"""

import pytest
from books import AUDIT, Books, walk
from chaos_steps import BODIES, FLAVORS
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from simnova import Cloud, Host
from simnova.nova.api.actions.registry import ACTIONS

pytestmark = pytest.mark.thorough

HOSTS = [
    Host("compute1", vcpus=1, memory_mb=6656, local_gb=100),
    Host("compute2", vcpus=2, memory_mb=4608, local_gb=60),
    Host("compute3", vcpus=1, memory_mb=8704, local_gb=60),
]
NOT_RECORDED = ("os-resetState", "forceDelete", "os-getConsoleOutput", "os-getVNCConsole")
"""Actions that Nova keeps no instance action of; a second deletion is ignored."""

TOO_LATE = ("UnexpectedTaskStateError", "UnexpectedDeletingTaskStateError")
"""What the API finds when it writes the task and somebody has been faster since it looked; nobody catches it."""

UPLOADS = {"createImage", "createBackup", "shelve"}
"""Actions for which the API makes an image first; where a task is in the way, it stays as it is."""


class Users(RuleBasedStateMachine):
    """Users of a cloud in which nothing breaks, and that is nearly full."""

    servers = Bundle("servers")

    @initialize(
        target=servers,
        reclaim=st.sampled_from([0, 100]),
        offload=st.sampled_from([0, -1, 100]),
        same=st.booleans(),
        window=st.sampled_from([0, 100]),
    )
    def open(self, reclaim, offload, same, window):
        config = dict.fromkeys(("quota.instances", "quota.cores", "quota.ram"), -1)
        config |= {
            "reclaim_instance_interval": reclaim,
            "shelved_offload_time": offload,
            "allow_resize_to_same_host": same,
            "resize_confirm_window": window,
        }
        self.cloud = Cloud(hosts=HOSTS, config=config, level="summary")
        self.calls = []
        self.reset = set()
        self.orphans = 0
        begun = [self.cloud.submit("server", flavor=flavor) for flavor in ("m1.tiny", "m1.small")]
        self.cloud.run()
        return multiple(*begun)

    # --- what is asked --------------------------------------------------------------------------------------------

    @rule(target=servers, flavor=st.sampled_from(FLAVORS))
    def create(self, flavor):
        return self.cloud.submit("server", flavor=flavor)

    @rule(server=servers)
    def delete(self, server):
        self.ask(server, "DELETE")

    @rule(server=servers, data=st.data(), action=st.sampled_from(sorted(ACTIONS)))
    def act(self, server, data, action):
        value = data.draw(st.sampled_from(BODIES.get(action, [None])))
        if action == "resize":
            value = {"flavorRef": self.cloud.flavors.id_of(value)}
        if action == "rebuild":
            value = {"imageRef": self.cloud.images.id_of(value)}
        if action == "os-resetState" and server.answer:
            self.reset.add(server.server.id)
        self.ask(server, "POST", "/action", {action: value})

    @rule(server=servers, first=st.sampled_from(["resize", "migrate"]))
    def finish_move(self, server, first):
        """Far enough for a decision about it: without this a walk seldom comes there."""
        value = {"flavorRef": self.cloud.flavors.id_of("m1.small")} if first == "resize" else None
        self.ask(server, "POST", "/action", {first: value})
        self.cloud.run()

    @rule(seconds=st.sampled_from([0.01, 0.05, 0.1, 0.3, 1.0, 5.0, 5.0, 70.0, 150.0]))
    def time_passes(self, seconds):
        self.cloud.run(until=self.cloud.now + seconds)

    def ask(self, server, method, path="", body=None):
        """Of a server that the API has named already."""
        if server.answer:
            uuid = server.server.id
            self.calls.append((body, self.cloud.send(method, f"/v2.1/servers/{uuid}{path}", body)))

    # --- what must be so ------------------------------------------------------------------------------------------

    @invariant()
    @precondition(lambda self: hasattr(self, "cloud"))
    def nothing_is_oversold(self):
        Books(self.cloud).nothing_is_oversold()

    @rule()
    def quiet(self):
        """Everything that was begun ends, the audits have their turn: the books are right."""
        self.cloud.run()
        self.cloud.run(until=self.cloud.now + AUDIT)
        self.cloud.run()
        books = Books(self.cloud, self.reset)
        self.every_request_is_answered()
        books.agree(self.orphans)
        books.actions_have_ended()
        self.every_change_of_state_is_in_the_table()

    def every_request_is_answered(self):
        """202, 204 and an action; or a refusal; or, as in Nova, a 500 where a task was in the way at the end."""
        actions = self.cloud.sql("SELECT request_id FROM nova_cell1.instance_actions").rows
        recorded = {request_id for (request_id,) in actions}
        for body, call in self.calls:
            assert call.answer is not None, f"{body}: {call.error}"
            status = call.answer.status
            late = any(name in str(call.answer.body) for name in TOO_LATE)
            assert status in (200, 202, 204, 400, 403, 404, 409) or late, (
                f"{body}: {call.answer.body}"
            )
            self.orphans += bool(body and body.keys() & UPLOADS and (late or "shelve" in body))
            if status < 300 and body and next(iter(body)) not in NOT_RECORDED:
                assert call.request_id in recorded, f"{body} has no action"
        self.calls.clear()

    def every_change_of_state_is_in_the_table(self):
        """But where an administrator wrote a state between the look and the act of somebody else."""
        unexpected = [e.data for e in self.cloud.journal if e.kind == "state.unexpected"]
        found = [data for data in unexpected if data["instance"] not in self.reset]
        assert found == [], found

    def teardown(self):
        if hasattr(self, "cloud"):
            try:
                self.quiet()
            finally:
                self.cloud.close()


TestAnyOperation = Users.TestCase
TestAnyOperation.settings = walk(examples=8, steps=20)
