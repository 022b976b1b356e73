"""Who may do what (`nova/policies/`): rules by Nova's names, with its words for a refusal."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.context import RequestContext


def require_admin(context: RequestContext, rule: str) -> None:
    """Raise Forbidden (403) unless an administrator asks; `rule` as `os_compute_api:os-services:list`."""
    if not context.is_admin:
        raise exception.PolicyNotAuthorized(action=rule)
