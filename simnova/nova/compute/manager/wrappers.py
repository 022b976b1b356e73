"""What is round every operation of nova-compute: its event, its fault, its task given back. Decorators, as in Nova."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar, cast

from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.instance_action import EventReporter
from simnova.nova.objects.instance_fault import add_instance_fault_from_exc
from simnova.nova.objects.states import VmState

__door__ = True

LOG = getLogger("nova.compute.manager")


class _Manager(Protocol):
    host: str

    async def _instance_update(
        self, context: RequestContext, instance: Instance, **changes: str | None
    ) -> None: ...


Method = TypeVar("Method", bound=Callable[..., Coroutine[Any, Any, Any]])


def reverts_task_state(method: Method) -> Method:
    """Where the operation fails, nothing is being done to the server any more; unless somebody else does something."""

    @functools.wraps(method)
    async def run(
        self: _Manager, context: RequestContext, instance: Instance, *args: Any, **kwargs: Any
    ) -> Any:
        try:
            return await method(self, context, instance, *args, **kwargs)
        except exception.UnexpectedTaskStateError as error:
            LOG.info("Task possibly preempted: %s", error, instance=instance)
            raise
        except Exception:
            await _revert(self, context, instance)
            raise

    return cast(Method, run)


async def _revert(manager: _Manager, context: RequestContext, instance: Instance) -> None:
    was = instance.task_state
    try:
        await manager._instance_update(context, instance, task_state=None)
    except exception.InstanceNotFound:
        return
    except Exception as error:
        text = "Failed to revert task state for instance. Error: %s"
        LOG.warning(text, error, instance=instance)
        return
    text = "Successfully reverted task state from %s on failure for instance."
    LOG.info(text, was, instance=instance)


def wrap_instance_fault(method: Method) -> Method:
    """Where the operation fails, the server gets a fault that says why."""

    @functools.wraps(method)
    async def run(
        self: _Manager, context: RequestContext, instance: Instance, *args: Any, **kwargs: Any
    ) -> Any:
        try:
            return await method(self, context, instance, *args, **kwargs)
        except exception.InstanceNotFound:
            raise
        except Exception as error:
            await add_instance_fault_from_exc(context, instance.uuid, error, host=self.host)
            raise

    return cast(Method, run)


def wrap_instance_event(prefix: str) -> Callable[[Method], Method]:
    """The operation is an event of the server's action: `compute_stop_instance` with the prefix `compute`."""

    def outer(method: Method) -> Method:
        @functools.wraps(method)
        async def run(
            self: _Manager, context: RequestContext, instance: Instance, *args: Any, **kwargs: Any
        ) -> Any:
            name = f"{prefix}_{method.__name__}"
            async with EventReporter(context, name, self.host, instance.uuid):
                return await method(self, context, instance, *args, **kwargs)

        return cast(Method, run)

    return outer


def instance_operation(method: Method) -> Method:
    """The three of them in Nova's order, as nearly every operation has them."""
    event = wrap_instance_event("compute")
    return reverts_task_state(event(wrap_instance_fault(method)))


@asynccontextmanager
async def error_out_instance_on_exception(
    manager: _Manager,
    context: RequestContext,
    instance: Instance,
    instance_state: str = VmState.ACTIVE,
) -> AsyncIterator[None]:
    """Where the block fails the server is in ERROR; back in `instance_state` where the driver cannot do it at all.

    In ERROR it keeps its task, which `reverts_task_state` takes away.
    """
    try:
        yield
    except (NotImplementedError, exception.InstanceFaultRollback) as error:
        text = "Setting instance back to %s after: %s"
        LOG.info(text, instance_state, error, instance=instance)
        await manager._instance_update(context, instance, vm_state=instance_state, task_state=None)
        raise getattr(error, "inner_exception", error) from None
    except Exception:
        LOG.exception("Setting instance vm_state to ERROR", instance=instance)
        await set_instance_error_state(instance)
        raise


async def set_instance_error_state(instance: Instance, clean_task_state: bool = False) -> None:
    """The server is in ERROR, and where the task is cleaned nothing is being done to it any more
    (`_set_instance_obj_error_state`).
    """
    instance.vm_state = VmState.ERROR
    if clean_task_state:
        instance.task_state = None
    try:
        await instance.save()
    except exception.InstanceNotFound:
        text = "Instance has been destroyed from under us while trying to set it to ERROR"
        LOG.debug(text, instance=instance)
