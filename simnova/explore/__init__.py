"""What is found by trying: every way in which a run can break, played one after the other."""
