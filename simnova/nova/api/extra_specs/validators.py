"""Is this an extra spec that Nova takes? (`nova/api/validation/extra_specs/validators.py`)"""

from __future__ import annotations

import re
from typing import Any

from simnova.nova import exception
from simnova.nova.api.extra_specs.known import KNOWN, NAMESPACES


def validate(name: str, value: Any) -> None:
    """Raise ValidationError for a value that is not of its spec's form, or a name unknown in a namespace of Nova's.

    Names without a namespace, and in namespaces of others, are not Nova's business.
    """
    for pattern, form in KNOWN.items():
        if name == pattern or re.fullmatch(pattern, name):
            form.check(str(value))
            return
    namespace, colon, _ = name.partition(":")
    if colon and any(re.fullmatch(known, namespace) for known in NAMESPACES):
        raise exception.ValidationError(
            detail=f"Validation failed; extra spec '{name}' does not appear to be a valid extra spec."
        )
