"""The logic and the SQL below Placement's handlers (`placement/objects/`), each in one transaction."""
