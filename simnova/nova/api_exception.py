"""Nova's errors about what an API request names: policy, aggregates, groups, services (`nova/exception.py`)."""

from __future__ import annotations

from simnova.exceptions import NovaError


class PolicyNotAuthorized(NovaError):
    """A rule does not let this user do it."""

    msg_fmt = "Policy doesn't allow %(action)s to be performed."
    code = 403
