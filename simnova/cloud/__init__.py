"""The whole cloud: its parts put together, its first minute, and what a learner holds of it."""
