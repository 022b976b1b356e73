"""The hypervisors: one seam (`driver`), a simulated driver, and libvirt's (`nova/virt/`)."""
