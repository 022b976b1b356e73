"""What a project and its users may have, and whether more of it would be too much (`nova/quota.py`)."""

from __future__ import annotations

from typing import Any, Final

from simnova.config import Config
from simnova.nova import exception
from simnova.nova.context import RequestContext
from simnova.nova.objects.quotas import DEFAULT_CLASS, Limits, Quotas
from simnova.nova.quota.counts import Count, Counts, UsageClient

__all__ = ["RESOURCES", "DbQuotaDriver", "NoopQuotaDriver", "quota_driver"]

NOOP: Final = "nova.quota.NoopQuotaDriver"

RESOURCES: dict[str, str | None] = {
    "cores": "cores",
    "fixed_ips": None,
    "floating_ips": None,
    "injected_file_content_bytes": "injected_file_content_bytes",
    "injected_file_path_bytes": "injected_file_path_length",
    "injected_files": "injected_files",
    "instances": "instances",
    "key_pairs": "key_pairs",
    "metadata_items": "metadata_items",
    "ram": "ram",
    "security_group_rules": None,
    "security_groups": None,
    "server_group_members": "server_group_members",
    "server_groups": "server_groups",
}
"""What is limited, by Nova's names, each with its option in `[quota]`; those without one are Neutron's to limit."""

_SHOWN = ("instances", "server_groups")
"""What is counted for the eyes; key pairs and members, which are limited by user, show 0 (`_get_usages`)."""


def quota_driver(conf: Config, report_client: UsageClient) -> DbQuotaDriver:
    """The driver that `[quota] driver` names."""
    kind = NoopQuotaDriver if conf.quota.driver == NOOP else DbQuotaDriver
    return kind(conf, Counts(conf, report_client))


class DbQuotaDriver:
    """Limits are in the API's database; where none was set, in its class `default`, and then in nova.conf."""

    reserved = 0
    """Nothing is ever reserved any more; the API still says so."""

    def __init__(self, conf: Config, counts: Counts) -> None:
        self.conf = conf
        self.counts = counts

    # --- limits ---------------------------------------------------------------------------------------------------

    async def get_class_quotas(self, context: RequestContext, name: str = DEFAULT_CLASS) -> Limits:
        """The limits of a class; those of the class `default` are what a project has to begin with."""
        given = await Quotas.get_all_class_by_name(context, name)
        return {
            resource: given.get(resource, getattr(self.conf.quota, option) if option else -1)
            for resource, option in RESOURCES.items()
        }

    async def get_quotas(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> Limits:
        """The limits of a project, or of one user of it, who has the project's where none are their own."""
        limits, own = await self._limits(context, project_id, user_id)
        return own if user_id else limits

    async def _limits(
        self, context: RequestContext, project_id: str, user_id: str | None
    ) -> tuple[Limits, Limits]:
        """Those of the project, and those of the user."""
        given = await Quotas.get_all_by_project(context, project_id)
        limits = await self.get_class_quotas(context) | _known(given)
        if not user_id:
            return limits, limits
        own = await Quotas.get_all_by_project_and_user(context, project_id, user_id)
        return limits, limits | _known(own)

    async def get_usages(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> dict[str, int]:
        """How much of each resource is in use, as the API shows it."""
        usages = dict.fromkeys(RESOURCES, 0)
        for resource in _SHOWN:
            count = await self.counts.of[resource](context, project_id, user_id)
            usages |= count["user" if user_id else "project"]
        return usages

    async def get_settable_quotas(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> dict[str, tuple[int, int]]:
        """From what to what each limit may be set: not below what is in use, a user's not above the project's."""
        limits = await self.get_quotas(context, project_id)
        shared = await Quotas.get_shared_out(context, project_id)
        usages = await self.get_usages(context, project_id, user_id)
        left = {name: limit - shared.get(name, 0) for name, limit in limits.items()}
        if not user_id:
            given = {name: _minus(limits[name], left[name]) for name in RESOURCES}
            return {name: (max(given[name], usages[name]), -1) for name in RESOURCES}
        own = await Quotas.get_all_by_project_and_user(context, project_id, user_id)
        return {name: (usages[name], _plus(left[name], own.get(name, 0))) for name in RESOURCES}

    # --- checks ---------------------------------------------------------------------------------------------------

    async def limit_check(self, context: RequestContext, **values: int) -> None:
        """Raise OverQuota where one of these values is more than the user may have in one place."""
        limits, own = await self._limits(context, str(context.project_id), context.user_id)
        overs = sorted(
            name
            for name, value in values.items()
            if _over(limits[name], value) or _over(own[name], value)
        )
        if overs:
            raise exception.OverQuota(overs=overs, quotas=limits, usages={})

    async def check_deltas(
        self,
        context: RequestContext,
        deltas: dict[str, int],
        *count_args: Any,
        project_id: str | None = None,
        user_id: str | None = None,
    ) -> None:
        """Raise OverQuota where so much more than there is would be too much for the project or the user.

        `count_args` are those of the function that counts; its resources are all in `deltas`.
        """
        count = await self.counts.of[next(iter(deltas))](context, *count_args)
        project = project_id or str(context.project_id)
        limits, own = await self._limits(context, project, user_id or context.user_id)
        if count.keys() == {"project", "user"}:
            _check_both(deltas, count, {"project": limits, "user": own})
            return
        (counted,) = count.values()
        least = {name: min(limits[name], own[name]) for name in RESOURCES}
        _raise_over(_overs(deltas, counted, least), least, counted)


class NoopQuotaDriver(DbQuotaDriver):
    """Nothing is limited, and nothing counted."""

    reserved = -1

    async def get_class_quotas(self, context: RequestContext, name: str = DEFAULT_CLASS) -> Limits:
        """No limits."""
        return dict.fromkeys(RESOURCES, -1)

    async def get_quotas(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> Limits:
        """No limits."""
        return dict.fromkeys(RESOURCES, -1)

    async def get_usages(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> dict[str, int]:
        """Nothing is counted: -1."""
        return dict.fromkeys(RESOURCES, -1)

    async def get_settable_quotas(
        self, context: RequestContext, project_id: str, user_id: str | None = None
    ) -> dict[str, tuple[int, int]]:
        """Anything."""
        return dict.fromkeys(RESOURCES, (0, -1))

    async def limit_check(self, context: RequestContext, **values: int) -> None:
        """Anything goes."""

    async def check_deltas(
        self,
        context: RequestContext,
        deltas: dict[str, int],
        *count_args: Any,
        project_id: str | None = None,
        user_id: str | None = None,
    ) -> None:
        """Anything goes."""


def _known(limits: Limits) -> Limits:
    """Those of resources that there are."""
    return {name: limit for name, limit in limits.items() if name in RESOURCES}


def _check_both(deltas: dict[str, int], count: Count, limits: dict[str, Limits]) -> None:
    """The project's count against the project's limits, the user's against the user's."""
    overs = {scope: _overs(deltas, count[scope], limits[scope]) for scope in ("project", "user")}
    scope = "user" if set(overs["user"]) - set(overs["project"]) else "project"
    together = sorted({*overs["project"], *overs["user"]})
    _raise_over(together, limits[scope], count[scope])


def _overs(deltas: dict[str, int], counted: dict[str, int], limits: Limits) -> list[str]:
    return sorted(
        name for name, delta in deltas.items() if _over(limits[name], counted[name] + delta)
    )


def _raise_over(overs: list[str], limits: Limits, counted: dict[str, int]) -> None:
    if overs:
        raise exception.OverQuota(overs=overs, quotas=limits, usages=counted)


def _over(limit: int, value: int) -> bool:
    return 0 <= limit < value


def _plus(one: int, other: int) -> int:
    return -1 if min(one, other) < 0 else one + other


def _minus(one: int, other: int) -> int:
    return -1 if min(one, other) < 0 else one - other
