"""Extra specs that Nova knows, and what their values must be (`nova/api/validation/extra_specs/`)."""
