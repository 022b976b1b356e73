"""What has become of every request that was accepted, at a moment at which nobody works.

Its action has ended, or its server is gone, or has a fault that says why, or it stands in the table of Nova's own
hangs; and then an accident has hit that very request.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from simnova.cloud.server import Server
from simnova.explore.facts import look
from simnova.explore.hangs import hang_of
from simnova.kernel.clock import EPOCH

AT_ONCE = ("lock", "unlock", "os-resetState")
"""What nova-api does by itself, before it answers; where there is nothing to do it notes no action."""

EVENTS = """
    SELECT a.finish_time, e.finish_time FROM {cell}.instance_actions a
    LEFT JOIN {cell}.instance_actions_events e ON e.action_id = a.id
    WHERE a.instance_uuid = '{uuid}' AND a.request_id = '{rid}'
"""


class Accepted(NamedTuple):
    """A request that was answered by 202, and a server of it; what it asked, and when in seconds."""

    rid: str
    server: str
    asked: str
    time: float

    def ended(self, cloud):
        """Whether its action is there and all its events have an end."""
        rows = [
            row
            for cell in cloud.assembly.layout.databases
            for row in cloud.sql(EVENTS.format(cell=cell, uuid=self.server, rid=self.rid)).rows
        ]
        return bool(rows) and all({end, finish} - {None, "-"} for end, finish in rows)

    def way(self, cloud):
        """How it has ended: by its action, its server deleted, a fault, the name of a hang; None: nothing says so."""
        if self.asked in AT_ONCE or self.ended(cloud):
            return "ended"
        found = [server for server in cloud.servers if server.id == self.server]
        if not found or (found[0].status == "DELETED" and look(cloud, self.server).row is None):
            return "deleted"
        fault = found[0].show().get("fault")
        if fault and datetime.fromisoformat(fault["created"]) >= EPOCH + timedelta(
            seconds=int(self.time)
        ):
            return "fault"
        hang = hang_of(cloud, Server(cloud, self.server), self.rid)
        return hang and hang.name


def accepted(calls):
    """Of all calls, each with the server it was about and what it asked: one for each server of a boot."""
    for call, uuid, asked in calls:
        if call.answer and call.answer.status == 202:
            time = call.cloud.journal[call.first].time
            for server in [uuid] if uuid else [server.id for server in call.servers]:
                yield Accepted(call.request_id, server, asked, time)
