"""The end of a chaos walk: it comes to rest, its books are compared, and what an accident has left is mended."""

from __future__ import annotations

from collections import Counter

from accepted import accepted
from books import AUDIT, Books
from chaos_steps import NAMES
from chaos_watch import Watch

from simnova.cloud.server import Server
from simnova.explore.hangs import hang_of

WAYS = Counter()
"""How accepted requests have ended in all walks of this process."""


class End(Watch):
    """What must be so at quiet, and what an operator does about the rest."""

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
