"""The values that some fields may have, and other names for them (`nova/objects/fields.py`)."""

from __future__ import annotations

from simnova.nova import exception


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARCHITECTURES = _names("""
aarch64 alpha armv6 armv7l armv7b cris i686 ia64 lm32 m68k microblaze microblazeel mips mipsel
mips64 mips64el openrisc parisc parisc64 ppc ppcle ppc64 ppc64le ppcemb s390 s390x sh4 sh4eb sparc
sparc64 unicore32 x86_64 xtensa xtensaeb
""")
HV_TYPES = _names("""
baremetal bhyve docker fake hyperv ironic kqemu kvm lxc lxd openvz parallels phyp prsm qemu test
uml vbox vmware vz xen zvm
""")
RESOURCE_CLASSES = _names("""
VCPU PCPU MEMORY_MB DISK_GB PCI_DEVICE SRIOV_NET_VF NUMA_SOCKET NUMA_CORE NUMA_THREAD
NUMA_MEMORY_MB IPV4_ADDRESS VGPU VGPU_DISPLAY_HEAD PGPU FPGA MEM_ENCRYPTION_CONTEXT
NET_BW_EGR_KILOBIT_PER_SEC NET_BW_IGR_KILOBIT_PER_SEC NET_PACKET_RATE_KILOPACKET_PER_SEC
NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC
""")
"""What Nova knows of Placement's standard classes (the library os-resource-classes)."""
VM_MODES = frozenset({"exe", "hvm", "uml", "xen"})

_OTHER_ARCHITECTURES = dict.fromkeys(("i386", "i486", "i586", "x86_32", "x86_32p"), "i686") | {
    "amd64": "x86_64"
}
_OTHER_MODES = {"pv": "xen", "hv": "hvm", "baremetal": "hvm"}


def architecture(name: str | None) -> str | None:
    """The usual name of a processor architecture; raises InvalidArchitectureName."""
    found = name and _OTHER_ARCHITECTURES.get(name.lower(), name.lower())
    if found and found not in ARCHITECTURES:
        raise exception.InvalidArchitectureName(arch=name)
    return found


def hv_type(name: str | None) -> str | None:
    """The usual name of a virtualization type; raises InvalidHypervisorVirtType."""
    found = name and {"xapi": "xen"}.get(name.lower(), name.lower())
    if found and found not in HV_TYPES:
        raise exception.InvalidHypervisorVirtType(hv_type=name)
    return found


def vm_mode(name: str | None) -> str | None:
    """The usual name of a way to run a guest; raises InvalidVirtualMachineMode."""
    found = name and _OTHER_MODES.get(name.lower(), name.lower())
    if found and found not in VM_MODES:
        raise exception.InvalidVirtualMachineMode(vmmode=name)
    return found
