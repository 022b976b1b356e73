"""Who may do what (`nova/policies/`): rules by Nova's names, with its words for a refusal."""

from __future__ import annotations

from simnova.nova import exception
from simnova.nova.context import RequestContext


def require_admin(context: RequestContext, rule: str) -> None:
    """Raise Forbidden (403) unless an administrator asks; `rule` as `os_compute_api:os-services:list`."""
    if not context.is_admin:
        raise exception.PolicyNotAuthorized(action=rule)


def require_project(context: RequestContext, project_id: str, rule: str) -> None:
    """Raise Forbidden (403) unless someone of that project or an administrator asks."""
    if project_id != context.project_id:
        require_admin(context, rule)


def require_user(context: RequestContext, user_id: str, rule: str) -> None:
    """Raise Forbidden (403) unless that user or an administrator asks."""
    if user_id != context.user_id:
        require_admin(context, rule)
