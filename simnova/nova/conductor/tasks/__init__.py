"""Long tasks of the conductor that are undone where they fail (`nova/conductor/tasks/`)."""
