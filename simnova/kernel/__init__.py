"""The machine underneath the cloud: time, the journal, time travel, faults. It has never heard of Nova."""
