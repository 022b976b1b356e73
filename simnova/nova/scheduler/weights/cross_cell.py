"""Keeps a server that is moved in its cell (`nova/scheduler/weights/cross_cell.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnova.nova.scheduler import weights

if TYPE_CHECKING:
    from simnova.nova.objects.request_spec import RequestSpec
    from simnova.nova.scheduler.columns import Array, HostColumns
    from simnova.nova.scheduler.host_manager import HostState


class CrossCellWeigher(weights.BaseHostWeigher):
    """Of hosts that a move may take in any cell, prefers those of the cell that the server is in."""

    def weigh_hosts(self, hosts: HostColumns, weight_properties: RequestSpec) -> Array | None:
        """By cells."""
        if not weight_properties.requested_destination:
            return hosts.every(0)
        return hosts.by_profile(_cell, lambda host: self._weigh_object(host, weight_properties))

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option cross_cell_move_weight_multiplier."""
        return self.get_weight_multiplier(host_state, "cross_cell_move_weight_multiplier")

    def _weigh_object(self, host_state: HostState, weight_properties: RequestSpec) -> float:
        destination = weight_properties.requested_destination
        if not (destination and destination.cell_uuid and destination.allow_cross_cell_move):
            return 0
        return 1 if host_state.cell_uuid == destination.cell_uuid else -1


def _cell(host_state: HostState) -> str | None:
    return host_state.cell_uuid
