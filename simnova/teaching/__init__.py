"""What the labs check with: every answer is held against the journal of the run that it is about."""
