"""What the databases of a cloud say at this moment of servers, moves and claims."""

from collections import defaultdict
from functools import cached_property
from typing import NamedTuple

ALLOCATIONS = """
    SELECT a.consumer_id, p.name, a.resource_class_id, a.used
    FROM placement.allocations a JOIN placement.resource_providers p ON p.id = a.resource_provider_id
"""
INSTANCES = """
    SELECT i.uuid, i.host, i.vm_state, i.task_state, i.instance_type_id, i.vcpus, i.memory_mb,
           i.root_gb + i.ephemeral_gb
    FROM {0}.instances i WHERE i.deleted = 0 ORDER BY i.id
"""
MIGRATIONS = """
    SELECT uuid, instance_uuid, status, source_compute, dest_compute, old_instance_type_id,
           new_instance_type_id
    FROM nova_cell1.migrations ORDER BY COALESCE(updated_at, created_at), id
"""
FLAVORS = "SELECT id, vcpus, memory_mb, root_gb + ephemeral_gb FROM nova_api.flavors"


class Size(NamedTuple):
    """What a flavor takes, in the order of Placement's classes."""

    vcpu: int
    memory_mb: int
    disk_gb: int

    def plus(self, other):
        return Size(*(had + more for had, more in zip(self, other, strict=True)))

    @property
    def resources(self):
        return {number: amount for number, amount in enumerate(self) if amount}


class Row(NamedTuple):
    """A server in a cell's database."""

    uuid: str
    host: str | None
    vm_state: str
    task_state: str | None
    flavor: int
    size: Size

    @property
    def settled(self):
        """Whether nobody is at work on it, or should be."""
        return self.task_state is None and self.vm_state not in ("building", "deleted")


class Migration(NamedTuple):
    """A move in the cell's database."""

    uuid: str
    server: str
    status: str
    source: str
    dest: str | None
    old: int
    new: int


class Ledgers:
    """Read once, when it is first asked for."""

    def __init__(self, cloud):
        self.cloud = cloud

    @cached_property
    def placed(self):
        return [row for cell in self._cells for row in self._instances(cell)]

    @cached_property
    def servers(self):
        """Those of all cells, also of the one for servers that found no host."""
        return {row.uuid: row for row in (*self.placed, *self._instances("nova_cell0"))}

    @cached_property
    def migrations(self):
        return [Migration(*row) for row in self._of_cells(MIGRATIONS)]

    @cached_property
    def sizes(self):
        return {number: Size(*size) for number, *size in self._sql(FLAVORS)}

    @cached_property
    def held(self):
        held = defaultdict(dict)
        for consumer, host, kind, used in self._sql(ALLOCATIONS):
            held[consumer, host][kind] = used
        return held

    def _sql(self, statement):
        return [[None if v == "-" else v for v in row] for row in self.cloud.sql(statement).rows]

    @property
    def _cells(self):
        return [cell.database for cell in self.cloud.assembly.layout.cells]

    def _of_cells(self, statement):
        """What is said of the first cell, of each."""
        return [
            row for cell in self._cells for row in self._sql(statement.replace("nova_cell1", cell))
        ]

    def _instances(self, cell):
        rows = self._sql(INSTANCES.format(cell))
        return [Row(*first, Size(*size)) for *first, a, b, c in rows for size in [(a, b, c)]]
