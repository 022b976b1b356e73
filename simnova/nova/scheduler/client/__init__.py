"""How other services ask the scheduler and Placement."""
