"""What a project may have and has, in the words of the first API (`nova/api/openstack/compute/limits.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from simnova.messaging.rest import Request, Response, route
from simnova.nova.api.auth import Auth
from simnova.nova.api.controller import Controller
from simnova.nova.api.policy import require_admin
from simnova.nova.api.versions import Version, version_of
from simnova.nova.quota import DbQuotaDriver

_LIMITS = {
    "maxTotalRAMSize": "ram",
    "maxTotalInstances": "instances",
    "maxTotalCores": "cores",
    "maxTotalKeypairs": "key_pairs",
    "maxTotalFloatingIps": "floating_ips",
    "maxServerMeta": "metadata_items",
    "maxImageMeta": "metadata_items",
    "maxPersonality": "injected_files",
    "maxPersonalitySize": "injected_file_content_bytes",
    "maxSecurityGroups": "security_groups",
    "maxSecurityGroupRules": "security_group_rules",
    "maxServerGroups": "server_groups",
    "maxServerGroupMembers": "server_group_members",
}
_USED = {
    "totalRAMUsed": "ram",
    "totalCoresUsed": "cores",
    "totalInstancesUsed": "instances",
    "totalFloatingIpsUsed": "floating_ips",
    "totalSecurityGroupsUsed": "security_groups",
    "totalServerGroupsUsed": "server_groups",
}
_GONE: tuple[tuple[Version, tuple[str, ...]], ...] = (
    (
        (2, 36),
        (
            "maxTotalFloatingIps",
            "maxSecurityGroups",
            "maxSecurityGroupRules",
            "totalFloatingIpsUsed",
            "totalSecurityGroupsUsed",
        ),
    ),
    ((2, 39), ("maxImageMeta",)),
    ((2, 57), ("maxPersonality", "maxPersonalitySize")),
)
"""What is not shown any more from which microversion on."""


class LimitsController(Controller):
    """`/limits`: a project's own, that of any project for an administrator."""

    def __init__(self, auth: Auth, quotas: DbQuotaDriver) -> None:
        super().__init__(auth)
        self.quotas = quotas

    @route("GET", "/v2.1/limits")
    async def index(self, request: Request) -> Response:
        """Limits and what is in use; no rates are limited any more."""
        context = await self.context(request)
        other = request.param("tenant_id")
        if other is not None:
            require_admin(context, "os_compute_api:limits:other_project")
        project = str(other or context.project_id)
        limits = await self.quotas.get_quotas(context, project)
        used = await self.quotas.get_usages(context, project)
        found = _named(_LIMITS, limits) | _named(_USED, used)
        version = version_of(request)
        gone = {name for since, names in _GONE if version >= since for name in names}
        shown = {name: value for name, value in found.items() if name not in gone}
        return Response(200, {"limits": {"rate": [], "absolute": shown}})


def _named(names: Mapping[str, str], found: Mapping[str, int]) -> dict[str, int]:
    return {shown: found[name] for shown, name in names.items()}
