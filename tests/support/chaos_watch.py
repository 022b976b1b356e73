"""Whom the accidents of a chaos walk have hit: noticed as they happen, asked for at its end."""

from __future__ import annotations

import re

from books import Books
from chaos_steps import COMPUTES

ACCIDENTS = {
    *("fault", "amqp.drop", "amqp.return", "db.unreachable", "http.error", "rpc.timeout"),
    "virt.error",
}
"""What happens to one request: something of it is lost, refused, awaited in vain, or fails on a hypervisor."""

IN_HAND = """
    SELECT uuid FROM {0}.instances
    WHERE host = '{1}' AND deleted = 0 AND (task_state IS NOT NULL OR vm_state = 'building')
"""
PREEMPTED = re.compile(r"TaskStateError: Conflict updating instance ([0-9a-f-]{36})\.")
"""A step whose task somebody else has overwritten says so; no accident need have happened."""

OTHERS = {
    "Instance is already in deleting state, ignoring this request": "deleted twice",
    "instance": "deleted while its host was down",
}
"""Lines of nova-api's log: a deletion in the midst of another has written its own task by then, as in Nova: either
fails; and one behind a host that is down leaves the guest there until that host is back.
"""


class Watch:
    """What is known of a walk beside what its cloud says."""

    def __init__(self):
        self.hit_by_others = {}
        self.reset = set()
        self.struck = {}
        self.found_by_a_start = {}

    @property
    def hit(self):
        """The servers that an accident has hit, and by what."""
        found = self.touched
        for uuid, rids in self.requests().items():
            for rid in sorted(rids & self.struck.keys()):
                found.setdefault(uuid, []).extend(self.struck[rid])
        return found

    @property
    def touched(self):
        """Those that somebody else has changed meanwhile: an operator, a start of their host, another request."""
        found = {uuid: ["reset"] for uuid in self.reset}
        for hits in (self.found_by_a_start, self.hit_by_others):
            for uuid, events in hits.items():
                found.setdefault(uuid, []).extend(events)
        for event in self.cloud.journal:
            if event.kind == "log" and (preempted := PREEMPTED.search(event.data["message"])):
                found.setdefault(preempted[1], []).append("preempted")
        return found

    def tell(self, one, hit):
        row = Books(self.cloud).servers.get(one.server)
        hits = sorted(set(hit.get(one.server, [])))
        state = f"{row.vm_state}/{row.task_state}" if row else "gone"
        return f"{one.sort} {state} {hits[:4]}"

    def requests(self):
        """The requests that each server has had."""
        found = {}
        for cell in self.cloud.assembly.layout.databases:
            for uuid, rid in self.cloud.sql(
                f"SELECT instance_uuid, request_id FROM {cell}.instance_actions"
            ).rows:
                found.setdefault(uuid, set()).add(rid)
        for uuid, rid in self._mentioned():
            found.setdefault(uuid, set()).add(rid)
        return found

    def _mentioned(self):
        for event in self.cloud.journal:
            if event.kind == "http.request" and event.request_id:
                for part in ("/allocations/", "/servers/"):
                    _, _, tail = str(event.data["path"]).partition(part)
                    if tail:
                        yield tail.partition("/")[0], event.request_id
            if event.kind == "db.insert" and event.data["table"] == "instance_mappings":
                yield event.data["after"]["instance_uuid"], event.request_id

    def _notice(self, event):
        """Whom an accident hits: whose message is lost, who waits in vain, what a service has in hand when it goes."""
        if event.kind in ("service.crash", "service.stop"):
            life = self.cloud.assembly.running.get(event.actor)
            for task in life.tasks if life else ():
                if task.request_id:
                    self._strike(task.request_id, event)
        elif event.kind == "service.start" and event.actor in COMPUTES:
            host = event.actor.partition("@")[2]
            for cell in self.cloud.assembly.layout.databases:
                for (uuid,) in self.cloud.sql(IN_HAND.format(cell, host)).rows:
                    self.found_by_a_start.setdefault(uuid, []).append("in hand as its host starts")
        elif event.kind in ACCIDENTS and event.request_id:
            self._strike(event.request_id, event)
        elif event.kind == "log" and (
            why := OTHERS.get(event.data["message"].partition("'s host")[0])
        ):
            self.hit_by_others.setdefault(event.data["instance"], []).append(why)

    def _strike(self, rid, event):
        who = event.actor.partition("@")[0]
        said = f"{event.kind} {who} {event.data.get('method', '')}"
        self.struck.setdefault(rid, []).append(said)
