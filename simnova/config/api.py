"""The options of nova-api: limits, quotas, consoles (`nova/conf/api.py`, `nova/conf/quota.py`,
`nova/conf/vnc.py` …).
"""

from simnova.config.option import Option, integer, lines, names, string, switch


def _quota(name: str, default: int, what: str) -> Option:
    text = f"How many {what} a project may have; -1: any number."
    return integer(name, default, text, min=-1, older=(f"DEFAULT.quota_{name}",))


SERVERS = [
    integer("password_length", 12, "Characters of a generated administrator's password.", min=0),
    string(
        "osapi_compute_unique_server_name_scope",
        "",
        "Within what a server's name must be unique.",
        choices=("", "project", "global"),
    ),
]

API = [
    integer(
        "max_limit",
        1000,
        "Rows that one answer lists at most.",
        min=0,
        older=("DEFAULT.osapi_max_limit",),
    ),
    string("compute_link_prefix", None, "What links in answers begin with."),
    switch("enable_instance_password", True, "The answer to a create holds adminPass."),
    switch("use_neutron_default_nets", False, "Create a network for a project that has none."),
    switch(
        "list_records_by_skipping_down_cells", True, "Lists leave out cells that do not answer."
    ),
    switch(
        "instance_list_per_project_cells",
        False,
        "Lists ask only the cells that the project has servers in.",
    ),
    string(
        "instance_list_cells_batch_strategy",
        "distributed",
        "How long lists are shared out among cells.",
        choices=("distributed", "fixed"),
    ),
    names(
        "vendordata_providers",
        ["StaticJSON"],
        "Where vendor data come from; StaticJSON: from a file. DynamicJSON is not played.",
    ),
    string("vendordata_jsonfile_path", None, "The file with vendor data, JSON."),
    integer(
        "metadata_cache_expiration",
        15,
        "Seconds that the metadata service remembers what it has found of a server; 0: not at all.",
        min=0,
    ),
    string("dhcp_domain", "novalocal", "The domain of servers' names, as their guests see them."),
    string(
        "config_drive_skip_versions",
        "1.0 2007-01-19 2007-03-01 2007-08-29 2007-10-10 2007-12-15 2008-02-01 2008-09-01",
        "Versions of EC2's metadata that are not on a config drive.",
    ),
]

QUOTA = [
    _quota("instances", 10, "servers"),
    _quota("cores", 20, "VCPUs"),
    _quota("ram", 51200, "MB of memory"),
    _quota("metadata_items", 128, "metadata items per server"),
    _quota("injected_files", 5, "injected files per server"),
    _quota("injected_file_content_bytes", 10240, "bytes per injected file"),
    _quota("injected_file_path_length", 255, "bytes in the path of an injected file"),
    _quota("key_pairs", 100, "key pairs per user"),
    _quota("server_groups", 10, "server groups"),
    _quota("server_group_members", 10, "servers per server group"),
    string(
        "driver",
        "nova.quota.DbQuotaDriver",
        "The class that knows the limits.",
        choices=("nova.quota.DbQuotaDriver", "nova.quota.NoopQuotaDriver"),
    ),
    switch("recheck_quota", True, "Count again after a create, to catch requests that raced."),
    switch(
        "count_usage_from_placement",
        False,
        "Count cores and memory in Placement, not in the cells.",
    ),
]

CONSOLEAUTH = [
    integer("token_ttl", 600, "Seconds that a console token is valid.", min=0),
    switch("enforce_session_timeout", False, "Close a console when its token ends."),
]

VNC = [
    switch("enabled", True, "Guests have a VNC console."),
    string("server_listen", "127.0.0.1", "Where a guest's VNC server listens."),
    string("server_proxyclient_address", "127.0.0.1", "Where the proxy finds it."),
    string(
        "novncproxy_base_url", "http://127.0.0.1:6080/vnc_auto.html", "The address given to a user."
    ),
    string("novncproxy_host", "0.0.0.0", "Where the proxy listens."),
    integer("novncproxy_port", 6080, "On which port.", min=0, max=65535),
    names("auth_schemes", ["none"], "How the proxy signs on at the guest's server."),
]

SERIAL_CONSOLE = [
    switch("enabled", False, "Guests have a serial console."),
    string("port_range", "10000:20000", "Ports of a host for serial consoles."),
    string("base_url", "ws://127.0.0.1:6083/", "The address given to a user."),
    string("proxyclient_address", "127.0.0.1", "Where a guest's console listens."),
]

SPICE = [
    switch("enabled", False, "Guests have a SPICE console."),
    switch("agent_enabled", True, "Guests have a channel for SPICE's agent."),
    string(
        "image_compression",
        None,
        "How pictures are compressed.",
        choices=("auto_glz", "auto_lz", "quic", "glz", "lz", "off"),
    ),
    string("jpeg_compression", None, "Whether as JPEG.", choices=("auto", "never", "always")),
    string("zlib_compression", None, "Whether by zlib too.", choices=("auto", "never", "always")),
    Option("playback_compression", "boolean", None, "Whether sound is compressed."),
    string("streaming_mode", None, "What is sent as a video.", choices=("filter", "all", "off")),
    string("server_listen", "127.0.0.1", "Where a guest's SPICE server listens."),
    string("server_proxyclient_address", "127.0.0.1", "Where the proxy finds it."),
    switch("require_secure", False, "Every channel is encrypted."),
    string(
        "html5proxy_base_url",
        "http://127.0.0.1:6082/spice_auto.html",
        "The address given to a user.",
    ),
]

PCI = [
    lines("alias", [], "Names for kinds of PCI devices that flavors ask for, as JSON."),
    lines("device_spec", [], "Which devices of a host servers may get, as JSON."),
    switch("report_in_placement", False, "PCI devices are providers in Placement."),
]

SECTIONS: dict[str, list[Option]] = {
    "DEFAULT": SERVERS,
    "api": API,
    "quota": QUOTA,
    "consoleauth": CONSOLEAUTH,
    "vnc": VNC,
    "serial_console": SERIAL_CONSOLE,
    "spice": SPICE,
    "pci": PCI,
}
