"""Nova's libvirt driver, small (`nova/virt/libvirt/`); `config` alone needs no libvirt."""
