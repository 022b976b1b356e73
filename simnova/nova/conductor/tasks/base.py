"""What the conductor's tasks have in common (`nova/conductor/tasks/base.py`)."""

from __future__ import annotations

from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance


class TaskBase:
    """A task on one server: `execute` does it, and takes back what it has done where it fails."""

    def __init__(self, context: RequestContext, instance: Instance) -> None:
        self.context = context
        self.instance = instance

    async def execute(self) -> None:
        """Do it; where that raises, `rollback` is called and the error goes on."""
        try:
            await self._execute()
        except Exception as error:
            await self.rollback(error)
            raise

    async def _execute(self) -> None:
        raise NotImplementedError

    async def rollback(self, error: Exception) -> None:
        """Take back what was done."""
