"""Quotas: what a project and its users may have (`nova/quota.py`).

Limits and checks are in `driver`, what is in use is counted in `counts`, and `servers` says in which words servers do
not fit (`nova/compute/utils.py`).
"""

from __future__ import annotations

from simnova.nova.quota.driver import RESOURCES, DbQuotaDriver, quota_driver

__all__ = ["RESOURCES", "DbQuotaDriver", "quota_driver"]
