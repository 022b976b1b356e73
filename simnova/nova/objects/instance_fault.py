"""Why a server is in ERROR (`nova/objects/instance_fault.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simnova.exceptions import NovaError
from simnova.nova.context import RequestContext
from simnova.nova.objects.base import NovaObject, remotable

__door__ = True


@dataclass
class InstanceFault(NovaObject):
    """What went wrong with a server, as its owner (`code`, `message`) and an operator (`details`) see it."""

    VERSION: ClassVar[str] = "1.2"

    instance_uuid: str = ""
    code: int = 500
    message: str = ""
    details: str = ""
    host: str | None = None

    @remotable
    async def create(self) -> None:
        """Write the fault."""
        await self.ctxt.cell_db.insert(
            "instance_faults", **self.values(), created_at=self.ctxt.now()
        )


async def add_instance_fault_from_exc(
    context: RequestContext,
    uuid: str,
    error: Exception,
    *,
    host: str | None = None,
    message: str | None = None,
) -> None:
    """Note an exception as the server's fault (`nova/compute/utils.py`).

    A 500's own text is shown; of what is no error of Nova's only the class name.
    """
    known = isinstance(error, NovaError)
    text = message or (str(error) if known else type(error).__name__)
    code = getattr(error, "code", 500)
    fault = InstanceFault(
        instance_uuid=uuid,
        code=code,
        message=text[:255],
        details=repr(error),
        host=host,
        context=context,
    )
    await fault.create()
