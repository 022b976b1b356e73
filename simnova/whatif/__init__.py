"""What if: a decision as a scenario, and the least change that would have made another host of it pass or win.

Nothing here knows a rule of the scheduler: every "would have" is the answer of its own filters and weighers and of
Placement to a scenario that differs in one thing.
"""
