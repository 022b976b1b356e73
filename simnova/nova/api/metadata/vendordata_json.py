"""What the cloud's operator tells every guest, from a file (`nova/api/metadata/vendordata_json.py`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simnova.nova.log import getLogger

LOG = getLogger(__name__.replace("simnova", "nova"))


def vendor_data(path: str | None) -> Any:
    """The content of `vendordata_jsonfile_path`; {} without one. Raises OSError, ValueError."""
    if not path:
        return {}
    told = f"vendordata_jsonfile_path[{path}]:"
    try:
        return json.loads(Path(path).read_text())
    except FileNotFoundError:
        LOG.warning("%s file does not exist", told)
        raise
    except OSError:
        LOG.warning("%s unexpected IOError when reading", told)
        raise
    except ValueError:
        LOG.warning("%s failed to load json", told)
        raise
