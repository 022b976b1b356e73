"""What is checked before an operation begins: state, lock, host. Decorators of `API`'s methods, as in Nova."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any, Protocol, TypeVar, cast

from simnova.nova import exception, servicegroup
from simnova.nova.context import RequestContext
from simnova.nova.objects.instance import Instance
from simnova.nova.objects.service import Service

__door__ = True


class _API(Protocol):
    @property
    def servicegroup_api(self) -> servicegroup.API: ...


Operation = TypeVar("Operation", bound=Callable[..., Coroutine[Any, Any, Any]])
Check = Callable[[_API, RequestContext, Instance, str], Awaitable[None]]


class _Before:
    """Puts a check before an operation; the check is told the operation's name.

    What is checked is `told` with the operation: see `checks_of`.
    """

    def __init__(self, check: Check, **told: Any) -> None:
        self.check, self.told = check, told

    def __call__(self, operation: Operation) -> Operation:
        @functools.wraps(operation)
        async def checked(
            api: _API, context: RequestContext, instance: Instance, *args: Any, **kwargs: Any
        ) -> Any:
            await self.check(api, context, instance, operation.__name__)
            return await operation(api, context, instance, *args, **kwargs)

        vars(checked)["told"] = {**checks_of(operation), **self.told}
        return cast(Operation, checked)


def checks_of(operation: Callable[..., Any]) -> dict[str, Any]:
    """What the decorators of an operation check: `vm`, `task`, `launched`, `lock`, `host`, `rejected`."""
    return dict(vars(operation).get("told", {}))


def check_instance_state(
    vm_state: Collection[str] | None = None,
    task_state: Collection[str | None] | None = (None,),
    must_have_launched: bool = True,
) -> _Before:
    """Raise InstanceInvalidState where the server is in none of these states, or has never run. None allows all."""

    async def check(api: _API, context: RequestContext, instance: Instance, method: str) -> None:
        if vm_state is not None and instance.vm_state not in vm_state:
            raise _invalid(instance, "vm_state", instance.vm_state, method)
        if task_state is not None and instance.task_state not in task_state:
            raise _invalid(instance, "task_state", instance.task_state, method)
        if must_have_launched and not instance.launched_at:
            raise _invalid(instance, "launched_at", instance.launched_at, method)

    return _Before(check, vm=vm_state, task=task_state, launched=must_have_launched)


def reject_instance_state(
    vm_state: Collection[str] = (), task_state: Collection[str | None] = ()
) -> _Before:
    """Raise InstanceInvalidState where the server is in one of these states."""

    async def check(api: _API, context: RequestContext, instance: Instance, method: str) -> None:
        if instance.vm_state in vm_state:
            raise _invalid(instance, "vm_state", instance.vm_state, method)
        if instance.task_state in task_state:
            raise _invalid(instance, "task_state", instance.task_state, method)

    return _Before(check, rejected=(*vm_state, *task_state))


def check_instance_host(
    check_is_up: bool = False,
) -> _Before:
    """Raise InstanceNotReady where the server has no host; ServiceUnavailable where its nova-compute is down."""

    async def check(api: _API, context: RequestContext, instance: Instance, method: str) -> None:
        if not instance.host:
            raise exception.InstanceNotReady(instance_id=instance.uuid)
        if check_is_up:
            found = await Service.get_by_host_and_binary(context, instance.host, "nova-compute")
            if found is None or not api.servicegroup_api.service_is_up(found.values()):
                raise exception.ServiceUnavailable()

    return _Before(check, host=True)


def check_instance_lock(operation: Operation) -> Operation:
    """Raise InstanceIsLocked where the server is locked and no administrator asks."""

    async def check(api: _API, context: RequestContext, instance: Instance, method: str) -> None:
        if instance.locked and not context.is_admin:
            raise exception.InstanceIsLocked(instance_uuid=instance.uuid)

    return _Before(check, lock=True)(operation)


def _invalid(
    instance: Instance, attr: str, state: str | None, method: str
) -> exception.InstanceInvalidState:
    return exception.InstanceInvalidState(
        attr=attr, instance_uuid=instance.uuid, state=state, method=method
    )
