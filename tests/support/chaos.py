"""A walk through one cloud: whatever users and operators ask, and whatever breaks, one step after another.

A step is a verb and its arguments, all of them JSON, so that a walk is a small file: `Walk().play(steps)` goes it
again. `python tests/support/chaos.py --seeds 0:500 --steps 30` goes walks of its own and keeps those that fail, each
made as short as it can be.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress

from accepted import accepted
from books import AUDIT, Books

from simnova import Cloud, Host, UsageError
from simnova.cloud.server import Server
from simnova.explore.hangs import hang_of
from simnova.nova.api.actions.registry import ACTIONS

HOSTS = [
    Host("compute1", vcpus=2, memory_mb=6656, local_gb=200),
    Host("compute2", vcpus=4, memory_mb=4608, local_gb=100),
    Host("compute3", vcpus=1, memory_mb=8704, local_gb=60),
]
NAMES = [host.name for host in HOSTS]
COMPUTES = [f"nova-compute@{name}" for name in NAMES]
CONTROL = [
    *("nova-api", "nova-conductor", "nova-conductor:2", "nova-scheduler", "nova-scheduler:2"),
    *("nova-conductor@cell1", "nova-conductor@cell2", "nova-conductor@cell2:2"),
]
NEIGHBOURS = ["keystone", "glance", "neutron", "placement"]
PROCESSES = [*COMPUTES, *COMPUTES, *CONTROL, *NEIGHBOURS]
BUSES = ["rabbitmq", "rabbitmq-cell1", "rabbitmq-cell2"]
ALL = [*PROCESSES, *BUSES]
DATABASES = ["nova_api", "nova_cell1", "nova_cell2", "placement", "neutron"]
FLAVORS = ["m1.tiny", "m1.small", "m1.medium"]
SERVERS = [0, 0, 0, 1, 1, 2, 3, 4]

BODIES = {
    "reboot": [{"type": "SOFT"}, {"type": "HARD"}],
    "changePassword": [{"adminPass": "secret"}],
    "createImage": [{"name": "shot"}],
    "createBackup": [
        {"name": "copy", "backup_type": "daily", "rotation": rotation} for rotation in (0, 1)
    ],
    "rebuild": ["cirros"],
    "resize": FLAVORS,
    "migrate": [None, *({"host": name} for name in NAMES)],
    "unshelve": [None, *({"host": name} for name in NAMES)],
    "os-resetState": [{"state": "active"}, {"state": "error"}],
    "os-migrateLive": [{"host": host, "block_migration": "auto"} for host in (None, *NAMES)],
    "evacuate": [{}],
}
"""What may stand in the body of an action; None where nothing need."""

LOOKS = [name for name in ACTIONS if name.endswith(("Console", "ConsoleOutput"))]
ASKED = [
    [action, body]
    for action in sorted(ACTIONS.keys() - LOOKS)
    for body in BODIES.get(action, [None])
] + [["os-getConsoleOutput", None]]
MOVES = [["resize", "m1.small"], ["migrate", None], ["shelve", None], ["os-stop", None]]
FAILING = [
    *("spawn", "destroy", "power_off", "power_on", "pause", "suspend", "rescue", "snapshot"),
    *("migrate_disk_and_power_off", "finish_migration", "confirm_migration"),
    *("finish_revert_migration", "reboot", "resume", "attach_interface", "detach_interface"),
]
METHODS = [
    *("build_instances", "schedule_and_build_instances", "select_destinations"),
    *("build_and_run_instance", "terminate_instance", "soft_delete_instance", "restore_instance"),
    *("stop_instance", "start_instance", "reboot_instance", "pause_instance", "unpause_instance"),
    *("suspend_instance", "resume_instance", "rescue_instance", "unrescue_instance"),
    *("snapshot_instance", "backup_instance", "shelve_instance", "shelve_offload_instance"),
    *("unshelve_instance", "rebuild_instance", "prep_resize", "resize_instance", "finish_resize"),
    *("confirm_resize", "revert_resize", "finish_revert_resize", "migrate_server"),
    *("check_can_live_migrate_destination", "check_can_live_migrate_source"),
    *("pre_live_migration", "live_migration", "post_live_migration_at_destination"),
    *("rollback_live_migration_at_destination", "attach_interface", "detach_interface"),
    *("set_admin_password", "object_action", "object_class_action_versions"),
    *("update_instance_info", "delete_instance_info", "sync_instance_info"),
]
KINDS = ["rpc.call", "rpc.cast", "rpc.reply", "http.request", "virt.call", "virt.return"]
PAUSES = [0.01, 0.05, 0.1, 0.3, 1.0, 5.0, 5.0, 20.0, 70.0, 150.0]

STEPS: dict[str, tuple[list, ...]] = {
    "create": (FLAVORS, [1, 1, 1, 2], [None, None, *NAMES]),
    "delete": (SERVERS,),
    "act": (SERVERS, ASKED),
    "act_and_wait": (SERVERS, [*ASKED, *MOVES * 3]),
    "plug": (SERVERS,),
    "unplug": (SERVERS,),
    "wait": (PAUSES,),
    "switch": (["disable", "enable"], NAMES),
    "force_down": (NAMES, [True, False]),
    "crash": (ALL,),
    "stop": (ALL,),
    "start": (ALL,),
    "restart": (ALL,),
    "crash_at": (KINDS, PROCESSES, [1, 1, 2, 3, 5], ["before", "after"]),
    "lose": (METHODS, [1, 1, 2], [False, False, True]),
    "fail": (NAMES, FAILING, [1, 1, 2]),
    "delay": (METHODS, [0.5, 5.0, 90.0]),
    "duplicate": (METHODS,),
    "reorder": (METHODS,),
    "slow": (PROCESSES, [0.0, 0.5, 5.0]),
    "cut_off": (PROCESSES,),
    "reconnect": (PROCESSES,),
    "power_off": (NAMES,),
    "power_on": (NAMES,),
    "slow_disk": (NAMES, [1.0, 20.0]),
    "refuse": (DATABASES,),
    "accept": (DATABASES,),
    "fill_images": ([0, None],),
    "repair": (),
}
"""Every verb, and among what each of its arguments is chosen."""

OFTEN = {
    "create": 4,
    "act": 15,
    "act_and_wait": 15,
    "wait": 12,
    "lose": 4,
    "repair": 8,
    "delete": 2,
}
VERBS = [verb for verb in STEPS for _ in range(OFTEN.get(verb, 1))]
"""A verb as often as it is chosen: were faults not mended now and then, nothing would be accepted any more."""

CONFIG = {
    "reclaim_instance_interval": [0, 100],
    "shelved_offload_time": [0, -1, 100],
    "allow_resize_to_same_host": [False, True],
    "resize_confirm_window": [0, 100],
    "conductor.workers": [1, 2],
    "cells": [None, None, 2],
}


WAYS = Counter()
"""How accepted requests have ended in all walks of this process."""

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


class Walk:
    """A cloud with two schedulers, what was asked of it, and the steps that were gone."""

    def __init__(self, level="full", cells=None, **config):
        unlimited = dict.fromkeys(("quota.instances", "quota.cores", "quota.ram"), -1)
        self.config = {"cells": cells, **config}
        options = {**unlimited, "scheduler.workers": 2, **config}
        self.cloud = Cloud(hosts=HOSTS, cells=cells, config=options, level=level)
        self.steps = []
        self.calls = []
        self.begun = []
        self.asked = []
        self.made = {}
        self.hit_by_others = {}
        self.reset = set()
        self.struck = {}
        self.found_by_a_start = {}
        self.told = []
        self.cloud.journal.after.append(self._notice)

    def go(self, verb, *args):
        """One step, and what must be so after each."""
        self.steps.append([verb, *args])
        known = [self._known(arg) for arg in args]
        try:
            getattr(self if hasattr(self, verb) else self.cloud, verb)(*known)
        except UsageError:
            self.refused = verb
        Books(self.cloud).nothing_is_oversold()

    def begin(self):
        """There are some servers already."""
        for flavor in ("m1.tiny", "m1.small"):
            self.begun.append(self.cloud.submit("server", flavor=flavor))
        self.cloud.run()

    def play(self, steps):
        """A whole walk again."""
        self.begin()
        for step in steps:
            self.go(*step)
        self.quiet()

    # --- users ----------------------------------------------------------------------------------------------------

    def create(self, flavor, count, host):
        self.begun.append(self.cloud.submit("server", flavor=flavor, count=count, host=host))

    def delete(self, number):
        self._ask(number, "DELETE")

    def act(self, number, asked):
        action, value = asked
        if action == "resize":
            value = {"flavorRef": self.cloud.flavors.id_of(value)}
        if action == "rebuild":
            value = {"imageRef": self.cloud.images.id_of(value)}
        uuid = self._ask(number, "POST", "/action", {action: value})
        if action == "os-resetState" and uuid:
            self.reset.add(uuid)

    def act_and_wait(self, number, asked):
        """Until nothing goes on: without this a walk seldom comes far."""
        self.act(number, asked)
        self.cloud.run()

    def plug(self, number):
        self._ask(number, "POST", "/os-interface", {"interfaceAttachment": {}})

    def unplug(self, number):
        uuid = self._uuid(number)
        rows = self.cloud.sql(f"SELECT id FROM neutron.ports WHERE device_id = '{uuid}'").rows
        for (port,) in rows[-1:]:
            self._ask(number, "DELETE", f"/os-interface/{port}")

    def wait(self, seconds):
        self.cloud.run(until=self.cloud.now + seconds)

    # --- operators and accidents ----------------------------------------------------------------------------------

    def switch(self, verb, host):
        self._service(host, status={"enable": "enabled", "disable": "disabled"}[verb])

    def force_down(self, host, forced_down):
        self._service(host, forced_down=forced_down)

    def _service(self, host, **values):
        (number,) = (
            row["id"] for row in self.cloud.services.rows() if row["name"] == f"nova-compute@{host}"
        )
        self.cloud.send("PUT", f"/v2.1/os-services/{number}", values)

    def crash(self, name):
        self.cloud.crash(name)

    def stop(self, name):
        self.cloud.stop(name)

    def start(self, name):
        self.cloud.start(name)

    def crash_at(self, kind, name, nth, moment):
        self.cloud.crash_at(kind, name, nth=nth, moment=moment)

    def lose(self, method, times, reply):
        self.cloud.lose(method, times, reply=reply)

    def fail(self, host, what, times):
        self.cloud.fail(host, what, times=times)

    def repair(self):
        """All that lasts is ended, all that is down is started; what is being done goes on meanwhile."""
        self.cloud.heal()
        for name in BUSES:
            with suppress(UsageError):
                self.cloud.start(name)
        for host in self._off():
            self.cloud.power_on(host)
        for name in self._down():
            self.cloud.start(name)
        for host in NAMES:
            self.force_down(host, False)

    # --- at quiet -------------------------------------------------------------------------------------------------

    def settle(self):
        """All that was down comes back, all that was begun ends, the audits have their turn."""
        for _ in range(20):
            seen = len(self.cloud.journal)
            self.repair()
            self.cloud.run()
            self.cloud.run(until=self.cloud.now + AUDIT)
            self.cloud.run()
            self._let_audits_end()
            new = self.cloud.journal.events[seen:]
            if not self._down() and not any(event.kind == "fault" for event in new):
                return
        raise AssertionError("it does not come to rest")

    def _let_audits_end(self):
        """One may be under way just now; it is background work, for which `run` does not wait."""
        for _ in range(60):
            if all(Books(self.cloud).is_free(host) for host in NAMES):
                return
            self.cloud.run(until=self.cloud.now + 1)

    def quiet(self):
        """Whatever does not agree was hit by an accident, and is mended by what an operator does about it."""
        self.settle()
        wrongs = self.wrongs()
        hit = self.hit if wrongs else {}
        self.told += [self.tell(one, hit) for one in wrongs]
        for one in wrongs:
            assert self.blamed(one, hit), f"nobody hit: {one}"
        self.every_request_is_answered()
        self.every_accepted_request_has_an_end()
        self.every_change_of_state_is_in_the_table()
        self.mend(wrongs)

    def blamed(self, one, hit):
        """The accidents that may be to blame: of a task that hangs, those that hit the request that has set it."""
        if one.sort == "task" and (setter := self.setter(one.server)):
            return self.struck.get(setter) or self.touched.get(one.server)
        about = {one.server} if one.server else Books(self.cloud).on(one.host)
        return about & hit.keys()

    def setter(self, uuid):
        """The request that has given a server the task that it has; None for the one it was born with."""
        rows = {
            (cell, number)
            for cell in self.cloud.assembly.layout.databases
            for (number,) in self.cloud.sql(
                f"SELECT id FROM {cell}.instances WHERE uuid = '{uuid}'"
            ).rows
        }
        for event in reversed(self.cloud.journal.events):
            told = event.data
            if event.kind != "db.update" or told["table"] != "instances":
                continue
            if (told["db"], told["key"]) in rows and "task_state" in told["after"]:
                return event.request_id
        return None

    def wrongs(self):
        return Books(self.cloud).wrongs(orphans=99)

    # --- what operators do about it -------------------------------------------------------------------------------

    def mend(self, wrongs):
        """A fault that still lay in wait may strike while it is done; then it is done again."""
        while any(self.mended(one) for one in wrongs if one.sort == "task"):
            self.settle()
            wrongs = self.wrongs()
        self.mend_claims()
        self.mend_guests()
        self.mend_ports()
        self.settle()
        left = self.wrongs()
        assert not left, f"left: {left[0]}"

    def mended(self, one):
        """Whether there was something to mend; what is mended hangs no more, but where a fault has struck."""
        server = Server(self.cloud, one.server)
        hang = hang_of(self.cloud, server)
        assert hang, f"no hang of Nova's: {one}"
        seen = len(self.cloud.journal)
        hang.mend(self.cloud, server)
        row = Books(self.cloud).servers.get(one.server)
        hangs = row and not row.settled
        struck = any(e.kind in ("fault", "virt.error") for e in self.cloud.journal.events[seen:])
        assert not hangs or struck, f"{hang.name} is not mended: {one}"
        return True

    def mend_claims(self):
        """Nobody holds what is not there, everybody what he has (`nova-manage placement`)."""
        if any(one.sort == "claim" for one in self.wrongs()):
            self.cloud.audit_allocations(delete=True)
            for one in self.wrongs():
                if one.move:
                    self.cloud.request("DELETE", f"/allocations/{one.move}", service="placement")
            for one in self.wrongs():
                if one.sort == "claim" and one.server in Books(self.cloud).servers:
                    self.cloud.heal_allocations(Server(self.cloud, one.server), force=True)

    def mend_guests(self):
        """Guests of servers that are gone go by themselves, in half an hour."""
        for _ in range(3):
            if any(one.sort == "guest" for one in self.wrongs()):
                self.cloud.run(until=self.cloud.now + 1900)
        servers = Books(self.cloud).servers
        for one in self.wrongs():
            if one.sort == "guest" and one.server in servers:
                server, host = Server(self.cloud, one.server), one.text.partition(" ")[0]
                if "does not have" in one.text:
                    server.reset_state("error")
                    server.force_delete()
                    self.cloud.run()
                else:
                    server.virsh("undefine", host)

    def mend_ports(self):
        """A port that was made and not plugged in, or whose server is gone: `openstack port delete`."""
        for uuid in {one.server for one in self.wrongs() if one.sort == "port"}:
            row = Books(self.cloud).servers.get(uuid)
            for port, host in self.cloud.sql(
                "SELECT p.id, b.host FROM neutron.ports p LEFT JOIN neutron.ml2_port_bindings b "
                f"ON b.port_id = p.id WHERE p.device_id = '{uuid}'"
            ).rows:
                if row is None or host in (None, "", "-"):
                    self.cloud.request("DELETE", f"/v2.0/ports/{port}", service="neutron")

    # --- whom accidents have hit ----------------------------------------------------------------------------------

    def every_request_is_answered(self):
        for call in [*self.calls, *self.begun]:
            assert call.done, f"{call} is not answered"

    def every_accepted_request_has_an_end(self):
        """Its action ended, or a fault says why, or it is one of Nova's own hangs, by an accident that hit it."""
        boots = [(call, None, "create") for call in self.begun]
        for one in accepted([*boots, *self.asked]):
            way = one.way(self.cloud)
            WAYS[way] += 1
            assert way, f"nothing says what became of {one}"
            if way not in ("ended", "deleted"):
                hits = self.struck.get(one.rid) or self.touched.get(one.server)
                assert hits, f"{one} has no end ({way}), and no accident has hit it"

    def every_change_of_state_is_in_the_table(self):
        unexpected = [e.data for e in self.cloud.journal if e.kind == "state.unexpected"]
        found = [data for data in unexpected if data["instance"] not in self.reset]
        assert found == [], f"unexpected: {found[0]['before']} to {found[0]['after']}"

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

    # --- helpers --------------------------------------------------------------------------------------------------

    def _known(self, name):
        """The process or database that does this work here: where cells are not split off, the only one."""
        layout = self.cloud.assembly.layout
        if name in CONTROL and name not in self.cloud.assembly.running:
            return layout.cells[-1].conductor if "@" in name else name.partition(":")[0]
        if name in BUSES and name not in self.cloud.assembly.brokers:
            return layout.cells[-1].bus
        return layout.cells[-1].database if name == "nova_cell2" else name

    def _ask(self, number, method, path="", body=None):
        uuid = self._uuid(number)
        if uuid:
            self.calls.append(self.cloud.send(method, f"/v2.1/servers/{uuid}{path}", body))
            asked = next(iter(body)) if body else method
            self.asked.append((self.calls[-1], uuid, asked))
        return uuid

    def _uuid(self, number):
        known = [uuid for call in self.begun for uuid in self._made(call)]
        return known[number % len(known)] if known else None

    def _made(self, call):
        """The servers of an answered boot; asked for once."""
        if call not in self.made and call.answer:
            accepted = call.answer.status == 202
            self.made[call] = [server.id for server in call.servers] if accepted else []
        return self.made.get(call, [])

    def _off(self):
        return [host for host in NAMES if not self.cloud.assembly.simulated(host).is_on]

    def _down(self):
        return [name for name, life in self.cloud.assembly.running.items() if not life.alive]

    def close(self):
        self.cloud.close()


# --- far walks ------------------------------------------------------------------------------------------------------


def chosen(rng):
    """A step, by a random number generator."""
    verb = rng.choice(VERBS)
    return [verb, *(rng.choice(among) for among in STEPS[verb])]


def tried(config, steps):
    """How a walk ends: all that was wrong."""
    walk = Walk(**config)
    try:
        walk.play(steps)
    except Exception as error:
        return [*walk.told, type(error).__name__ + ": " + str(error)]
    finally:
        walk.close()
    return walk.told


def shortest(config, steps, same):
    """The same failure with fewer steps: those that can be left out are."""
    size = max(1, len(steps) // 2)
    while True:
        start = 0
        while start < len(steps):
            fewer = steps[:start] + steps[start + size :]
            if any(same(found) for found in tried(config, fewer)):
                steps = fewer
            else:
                start += size
        if size == 1:
            return steps
        size = max(1, size // 2)


def main():
    """Walks by seeds; those that fail are made short and kept as files."""
    import argparse
    import hashlib
    import json
    import random
    from pathlib import Path

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", default="0:100")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--into", type=Path, default=Path(".chaos"))
    parser.add_argument("--long", action="store_true", help="do not make them short")
    options = parser.parse_args()
    options.into.mkdir(exist_ok=True)
    stats = Counter()
    first, _, last = options.seeds.partition(":")

    def sort_of(text):
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]+|\d+", "#", text)[:200]

    for seed in range(int(first), int(last)):
        rng = random.Random(seed)
        config = {name: rng.choice(among) for name, among in CONFIG.items()}
        steps = [chosen(rng) for _ in range(options.steps)]
        for error in tried(config, steps):
            sort = sort_of(error)
            stats[sort] += 1
            if stats[sort] > 1:
                continue
            print(f"{seed}: {error[:900]}", flush=True)
            if options.long:
                continue
            short = shortest(config, steps, lambda text, sort=sort: sort_of(text) == sort)
            kept = {"config": config, "error": error, "steps": short}
            name = hashlib.sha1(sort.encode()).hexdigest()[:6]
            (options.into / f"{name}.json").write_text(json.dumps(kept, indent=1))
            print(f"   {name} {len(short)} steps: {config} {json.dumps(short)}\n", flush=True)
    print(dict(WAYS))
    for text, n in stats.most_common():
        print(n, text)


if __name__ == "__main__":
    main()
