"""A walk through one cloud: whatever users and operators ask, and whatever breaks, one step after another.

A step is a verb and its arguments, all of them JSON, so that a walk is a small file: `Walk().play(steps)` goes it
again. chaos_steps.py has the steps, chaos_end.py what must be so at the end, chaos_far.py goes many.
"""

from __future__ import annotations

from contextlib import suppress

from books import Books
from chaos_end import End
from chaos_steps import BUSES, CONTROL, HOSTS, NAMES

from simnova import Cloud, UsageError


class Walk(End):
    """A cloud with two schedulers, what was asked of it, and the steps that were gone."""

    def __init__(self, level="full", cells=None, **config):
        super().__init__()
        unlimited = dict.fromkeys(("quota.instances", "quota.cores", "quota.ram"), -1)
        self.config = {"cells": cells, **config}
        options = {**unlimited, "scheduler.workers": 2, **config}
        self.cloud = Cloud(hosts=HOSTS, cells=cells, config=options, level=level)
        self.steps = []
        self.calls = []
        self.begun = []
        self.asked = []
        self.made = {}
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

    # --- helpers ----------------------------------------------------------------------------------------------------

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
