"""Scenarios: a cloud and a request as JSON, and what the scheduler answers to it (`docs/reference/scenario.md`).

    from simnova import scenario

    asked = scenario.from_json(text)
    asked.answer()["selections"]

The answer comes from the scheduler itself, over a Placement and databases that are filled from the scenario. The same
scenario as objects, to ask single filters and weighers: `config(asked)`, `host_states(asked)`, `request_spec(asked)`.
"""

from simnova.scenario.objects import config, host_states, request_spec
from simnova.scenario.reading import from_json
from simnova.scenario.scenario import Scenario

__all__ = ["Scenario", "config", "from_json", "host_states", "request_spec"]
