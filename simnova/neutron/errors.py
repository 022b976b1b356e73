"""Neutron's refusals by type, in its words (`neutron_lib/exceptions/`)."""

from __future__ import annotations

from typing import Any

from simnova.messaging.rest import Fault

_WORDS = {
    "BadRequest": (400, "Bad %(resource)s request: %(msg)s."),
    "InvalidInput": (400, "Invalid input for operation: %(error_message)s."),
    "HTTPBadRequest": (400, "%(message)s"),
    "InvalidIpForNetwork": (
        400,
        "IP address %(ip_address)s is not a valid IP for any of the subnets on the specified "
        "network.",
    ),
    "InvalidIpForSubnet": (
        400,
        "IP address %(ip_address)s is not a valid IP for the specified subnet.",
    ),
    "InvalidAllocationPool": (400, "The allocation pool %(pool)s is not valid."),
    "OutOfBoundsAllocationPool": (
        400,
        "The allocation pool %(pool)s spans beyond the subnet cidr %(subnet_cidr)s.",
    ),
    "OverlappingAllocationPools": (
        409,
        "Found overlapping allocation pools: %(pool_1)s %(pool_2)s for subnet %(subnet_cidr)s.",
    ),
    "PolicyNotAuthorized": (403, "rule:%(rule)s is disallowed by policy"),
    "NetworkNotFound": (404, "Network %(net_id)s could not be found."),
    "SubnetNotFound": (404, "Subnet %(subnet_id)s could not be found."),
    "PortNotFound": (404, "Port %(port_id)s could not be found."),
    "SecurityGroupNotFound": (404, "Security group %(id)s does not exist"),
    "NetworkInUse": (
        409,
        "Unable to complete operation on network %(net_id)s. There are one or more ports still in "
        "use on the network, id for these ports is: %(ports)s.",
    ),
    "SubnetInUse": (
        409,
        "Unable to complete operation on subnet %(subnet_id)s: One or more ports have an IP "
        "allocation from this subnet.",
    ),
    "SecurityGroupInUse": (409, "Security Group %(id)s in use."),
    "IpAddressGenerationFailure": (
        409,
        "No more IP addresses available on network %(net_id)s.",
    ),
    "IpAddressAlreadyAllocated": (
        409,
        "IP address %(ip)s already allocated in subnet %(subnet_id)s",
    ),
    "MacAddressInUse": (
        409,
        "Unable to complete operation for network %(net_id)s. The mac address %(mac)s is in use.",
    ),
    "OverQuota": (409, "Quota exceeded for resources: %(overs)s."),
}


def error(kind: str, **values: Any) -> Fault:
    """A refusal of that type."""
    status, words = _WORDS[kind]
    return Fault(status, words % values, type=kind)


def invalid(message: str) -> Fault:
    """A value that makes no sense."""
    return error("InvalidInput", error_message=message)
