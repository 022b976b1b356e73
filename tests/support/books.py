"""What must agree about a cloud when nobody works on it: servers, Placement, trackers, hypervisors, ports, images.

Each check reads the databases and the hypervisors, asks no service, and raises AssertionError with both sides.
`excused` are servers about which the books may be wrong, because somebody has reset their state.
"""

import os
from collections import Counter, defaultdict
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, settings
from ledgers import Ledgers, Size

from simnova.nova.compute.resource_usage import is_trackable

AUDIT = 130.0
"""Seconds in which every audit has its turn: every 60, the first up to 60 later."""

RESERVED = {"VCPU": 0, "MEMORY_MB": 512, "DISK_GB": 0}
"""What a host keeps for itself."""

IN_PROGRESS_AND_ERROR = (
    *("accepted", "pre-migrating", "migrating", "post-migrating", "finished", "confirming"),
    *("reverting", "queued", "preparing", "running", "error"),
)
INVENTORIES = """
    SELECT p.name, i.resource_class_id, i.total, i.reserved, i.allocation_ratio,
           (SELECT COALESCE(SUM(a.used), 0) FROM placement.allocations a
            WHERE a.resource_provider_id = p.id AND a.resource_class_id = i.resource_class_id) AS used
    FROM placement.inventories i JOIN placement.resource_providers p ON p.id = i.resource_provider_id
"""
NUMBERS = ("vcpus_used", "memory_mb_used", "local_gb_used", "running_vms")
NODES = f"SELECT host, {', '.join(NUMBERS)} FROM nova_cell1.compute_nodes"
ROOM = """
    SELECT host, vcpus_used, vcpus * cpu_allocation_ratio, memory_mb_used,
           memory_mb * ram_allocation_ratio, local_gb_used, local_gb * disk_allocation_ratio
    FROM nova_cell1.compute_nodes
"""


class Wrong(NamedTuple):
    """What does not agree: about which server (or whatever consumer) or host, in words, and what move of it."""

    sort: str
    server: str | None
    text: str
    move: str | None = None
    host: str | None = None

    def __str__(self):
        return f"{self.sort}: {self.text}"


class Books(Ledgers):
    """What is compared: the databases with each other, and with what the hypervisors say at this moment."""

    def __init__(self, cloud, excused=()):
        super().__init__(cloud)
        self.excused = set(excused)

    # --- at every moment ------------------------------------------------------------------------------------------

    def nothing_is_oversold(self):
        """used <= (total - reserved) x ratio in Placement."""
        for name, kind, total, reserved, ratio, used in self._sql(INVENTORIES):
            assert used <= (total - reserved) * ratio, f"{name}: {used} of class {kind}"

    # --- at quiet -------------------------------------------------------------------------------------------------

    def agree(self, orphans=0):
        """Everything; the audits have had their turn. At most so many images are `orphans`, of refused snapshots."""
        self.nothing_is_oversold()
        wrong = [str(one) for one in self.wrongs(orphans) if not self._is_excused(one)]
        assert wrong == [], "\n".join(wrong)

    def _is_excused(self, wrong):
        return wrong.server in self.excused or (wrong.sort == "image" and self.excused)

    def wrongs(self, orphans=0):
        """All that does not agree."""
        return [
            *self.hanging(),
            *self.holding(),
            *self.held_by_others(),
            *self.trackers(),
            *self.memories(),
            *self.guests(),
            *self.ports(),
            *self.images(orphans),
        ]

    def hanging(self):
        """No task is left."""
        for row in self.servers.values():
            if not row.settled:
                yield Wrong("task", row.uuid, f"{row} hangs")

    def holding(self):
        """Each on its host, to the last MB; the migration of one that is resized what that had on its old host."""
        for row in self._sound():
            expected = {row.host: row.size.resources} if row.host else {}
            if self._holding(row.uuid) != expected:
                yield Wrong("claim", row.uuid, f"{row} holds {self._holding(row.uuid)}")
            if row.vm_state == "resized":
                move = self._move(row.uuid)
                expected = {move.source: self.sizes[move.old].resources}
                if self._holding(move.uuid) != expected:
                    text = f"{move} of {row} holds {self._holding(move.uuid)}"
                    yield Wrong("claim", row.uuid, text)

    def held_by_others(self):
        """No consumer but the servers that are there, and the moves that may be taken back.

        A move that failed because its server was deleted keeps what it held, as in Nova: `nova-manage placement audit`
        is for that.
        """
        moves = {migration.uuid: migration for migration in self.migrations}
        for consumer, host in self.held:
            move = moves.get(consumer)
            row = self.servers.get(move.server if move else consumer)
            who = row.uuid if row else move.server if move else consumer
            if move and row is None and move.status == "error":
                continue
            if row is None:
                text = f"{move or consumer}, which is gone, holds something of {host}"
                yield Wrong("claim", who, text)
            elif move and row.vm_state != "resized":
                text = f"{move} of {row} holds something of {host}"
                yield Wrong("claim", who, text, consumer)
            elif not move and row.host != host:
                yield Wrong("claim", who, f"{row} holds something of {host}")

    def trackers(self):
        """A host counts its servers, and one that has left and may come back, with what it had.

        Not before the next audit, as in Nova: a host to which a server was to come does not hear that its move failed.
        """
        sums, counts = defaultdict(lambda: Size(*RESERVED.values())), Counter()
        for row in self.placed:
            if row.host and row.vm_state != "deleted":
                sums[row.host] = sums[row.host].plus(row.size)
                counts[row.host] += 1
            for host, size in self._elsewhere(row):
                sums[host] = sums[host].plus(size)
        for host, *pairs in self._of_cells(ROOM):
            if not all(
                0 <= used <= room for used, room in zip(pairs[::2], pairs[1::2], strict=True)
            ):
                text = f"{host} counts more than it has: {pairs}"
                yield Wrong("tracker", None, text, host=host)
        for host, *used, running in self._of_cells(NODES):
            if host in self._confused_hosts():
                continue
            if Size(*used) != sums[host]:
                text = f"{host} says {used}, its servers have {sums[host]}"
                yield Wrong("tracker", None, text, host=host)
            if running != counts[host]:
                text = f"{host} says {running}, it has {counts[host]}"
                yield Wrong("tracker", None, text, host=host)

    def memories(self):
        """What a tracker has in memory is what its row says, and the servers and moves it knows are those there are.

        `trackers`, `holding` and `guests` compare the same servers with the rows, Placement and the hypervisors.
        """
        here, moving = defaultdict(set), defaultdict(set)
        for row in self.placed:
            if row.host and row.vm_state not in ("shelved_offloaded", "deleted"):
                here[row.host].add(row.uuid)
            for host, _ in self._elsewhere(row):
                moving[host].add(row.uuid)
        for host, *numbers in self._of_cells(NODES):
            tracker = self._tracker(host)
            if tracker is None or host in self._confused_hosts():
                continue
            said = [getattr(tracker.node, name) for name in NUMBERS]
            if said != numbers:
                text = f"{host} remembers {said}, its row says {numbers}"
                yield Wrong("memory", None, text, host=host)
            if tracker.tracked_instances != here[host]:
                text = f"{host} remembers {tracker.tracked_instances}, its servers are {here[host]}"
                yield Wrong("memory", None, text, host=host)
            if set(tracker.tracked_migrations) != moving[host]:
                moves = sorted(tracker.tracked_migrations)
                text = f"{host} remembers moves of {moves}, there are those of {moving[host]}"
                yield Wrong("memory", None, text, host=host)
            if not self.is_free(host):
                yield Wrong("memory", None, f"{host} holds its lock", host=host)

    def is_free(self, host):
        """Whether nobody has the lock of a host's tracker."""
        tracker = self._tracker(host)
        return tracker is None or bool(tracker.lock.free)

    def _tracker(self, host):
        """The ResourceTracker of a nova-compute that runs."""
        name = f"nova-compute@{host}"
        alive = self.cloud.assembly.running[name].alive
        return self.cloud.assembly.daemons[name].manager.rt if alive else None

    def guests(self):
        """A guest on the host of each, and one, off, where one that is resized has left."""
        expected = defaultdict(set)
        for row in self._sound():
            if row.host:
                expected[row.host].add(row.uuid)
            if row.vm_state == "resized":
                expected[self._move(row.uuid).source].add(row.uuid)
        unsound = self.servers.keys() - {row.uuid for row in self._sound()} | self.excused
        for host in self.cloud.assembly.hosts:
            guests = set(self.cloud.assembly.simulated(host).guests) - unsound
            for uuid in sorted(guests ^ expected[host]):
                there = "has" if uuid in guests else "does not have"
                yield Wrong(
                    "guest", uuid, f"{host} {there} a guest of {self.servers.get(uuid, uuid)}"
                )

    def ports(self):
        """Each server's ports are on its host; there are no others."""
        bound = self._sql(
            "SELECT p.device_id, b.host FROM neutron.ports p "
            "LEFT JOIN neutron.ml2_port_bindings b ON b.port_id = p.id"
        )
        sound = {row.uuid: row for row in self._sound()}
        for device, host in bound:
            if device not in self.servers:
                yield Wrong("port", device, f"a port of {device} is left")
            elif device in sound and sound[device].host not in (None, host):
                yield Wrong("port", device, f"{sound[device]} has a port on {host}")

    def images(self, orphans=0):
        """No upload is left half done; a shelved server has its image, and nobody else has one of that kind."""
        images = dict(self._sql("SELECT id, status FROM glance.images"))
        begun = [image for image, status in images.items() if status != "active"]
        if len(begun) > orphans:
            yield Wrong("image", None, f"{begun} are not whole")
        shelved = dict(
            self._of_cells(
                "SELECT instance_uuid, value FROM nova_cell1.instance_system_metadata "
                "WHERE key = 'shelved_image_id'"
            )
        )
        for row in self._sound():
            if (
                row.vm_state in ("shelved", "shelved_offloaded")
                and shelved.get(row.uuid) not in images
            ):
                yield Wrong("image", row.uuid, f"{row} has no image")

    def actions_have_ended(self):
        """Every event of every action has a finish time and a result."""
        for action, event, finish, result in self._of_cells(
            "SELECT a.action, e.event, e.finish_time, e.result FROM nova_cell1.instance_actions_events e "
            "JOIN nova_cell1.instance_actions a ON a.id = e.action_id"
        ):
            assert finish is not None, f"{event} of {action} has no end"
            assert result in ("Success", "Error")

    # --- helpers --------------------------------------------------------------------------------------------------

    def _sound(self):
        """The servers about which everything must be right."""
        unsound = ("error", "building", "deleted")
        return [
            row
            for row in self.placed
            if row.vm_state not in unsound and row.uuid not in self.excused
        ]

    def _holding(self, consumer):
        return {host: held for (who, host), held in self.held.items() if who == consumer and held}

    def _confused_hosts(self):
        """Those of servers that were reset and moved again: each counts the last move that it knows of."""
        moves = defaultdict(list)
        for move in self.migrations:
            row = self.servers.get(move.server)
            open_ = move.status in IN_PROGRESS_AND_ERROR
            if open_ and row and row.vm_state == "resized" and row.uuid in self.excused:
                moves[move.server].append(move)
        several = [move for found in moves.values() if len(found) > 1 for move in found]
        return {host for move in several for host in (move.source, move.dest)}

    def _elsewhere(self, row):
        """The hosts that hold room for a server beside its own, and how much: it comes from there, or goes there."""
        move = self._move(row.uuid)
        if move is None or move.status not in IN_PROGRESS_AND_ERROR or not is_trackable(row):
            return
        if move.source == move.dest:
            yield move.source, self.sizes[move.new if row.flavor == move.old else move.old]
            return
        for host, flavor in ((move.source, move.old), (move.dest, move.new)):
            if host and host != row.host:
                yield host, self.sizes[flavor]

    def on(self, host):
        """The servers that a host has or holds room for."""
        return {
            row.uuid
            for row in self.placed
            if host in {row.host, *(other for other, _ in self._elsewhere(row))}
        }

    def _move(self, uuid):
        """The last move of a server."""
        return ([None] + [move for move in self.migrations if move.server == uuid])[-1]


def walk(examples, steps):
    """Settings of a state machine: the same few walks each time, or as many new ones as SIMNOVA_EXAMPLES says.

    Only those are shrunk when they fail: that takes minutes.
    """
    more = int(os.environ.get("SIMNOVA_EXAMPLES", "0"))
    return settings(
        max_examples=more or examples,
        stateful_step_count=int(os.environ.get("SIMNOVA_STEPS", "0")) or steps,
        deadline=None,
        derandomize=not more,
        phases=[Phase.generate, *([Phase.shrink] if more else [])],
        suppress_health_check=list(HealthCheck),
    )
