"""nova-conductor: leads the long tasks, and holds the database for those who may not (`nova/conductor/`)."""
