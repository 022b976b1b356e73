"""PCI devices: what flavors ask for, and what hosts have free (`nova/pci`)."""
