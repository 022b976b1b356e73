"""The options that all services share: heartbeats, RPC, zones, and the conductor's.

`nova/conf/service.py`, `nova/conf/rpc.py`, oslo.messaging, `nova/conf/netconf.py`,
`nova/conf/availability_zone.py`.
"""

from simnova.config.option import Option, integer, string, switch

SERVICE = [
    integer("report_interval", 10, "Seconds between a service's heartbeats; 0: none.", min=0),
    integer(
        "service_down_time", 60, "Seconds without a heartbeat after which a service counts as down."
    ),
    switch("periodic_enable", True, "Run periodic tasks."),
    integer(
        "periodic_fuzzy_delay", 60, "The first periodic task starts within so many seconds.", min=0
    ),
    string(
        "servicegroup_driver",
        "db",
        "Where services leave their heartbeats: in the database or in memcached.",
        choices=("db", "mc"),
    ),
    integer(
        "graceful_shutdown_timeout",
        180,
        "Seconds after which a service that was told to end does so, with work in hand or not; 0: never.",
        min=0,
    ),
    integer(
        "manager_shutdown_timeout",
        160,
        "Seconds of these for what the manager has in progress; up to 20 are kept for cleaning up.",
        min=0,
    ),
    switch("enable_new_services", True, "A compute host that is new is enabled."),
]

RPC = [
    integer("rpc_response_timeout", 60, "Seconds that an RPC call waits for its answer.", min=0),
    integer("long_rpc_timeout", 1800, "The same for calls that are known to take long.", min=0),
    string(
        "control_exchange", "openstack", "The exchange of topics that name none; Nova's is `nova`."
    ),
    string("transport_url", "rabbit://", "The message bus of the services above the cells."),
]

RABBIT = [
    switch(
        "amqp_durable_queues",
        False,
        "Queues of topics survive a restart of RabbitMQ, with the requests that wait in them.",
    ),
]

HOST = [
    string(
        "host",
        "controller",
        "The name of the host that a service runs on; compute hosts have their own.",
    ),
    string("my_ip", "192.168.1.10", "Its address."),
]

ZONES = [
    string(
        "default_availability_zone",
        "nova",
        "The zone of compute hosts that no aggregate puts in one.",
    ),
    string("internal_service_availability_zone", "internal", "The zone of all other services."),
    string("default_schedule_zone", None, "The zone of servers that ask for none."),
]

WORKERS = [
    integer(
        "osapi_compute_workers",
        None,
        "Worker processes of nova-api; Nova's until 32.0.0, since then the web server's.",
        min=1,
    ),
]

CONDUCTOR = [
    integer("workers", None, "Worker processes of nova-conductor; unset: one per CPU.", min=0),
    switch(
        "use_local",
        False,
        "Computes use the database themselves; Nova's until 14, here only to be measured.",
    ),
    integer(
        "migrate_max_retries",
        -1,
        "Live migration: how many other hosts are tried; -1: all.",
        min=-1,
    ),
]

UPGRADE_LEVELS = [
    string(
        "compute", None, "The RPC version that is spoken to computes; `auto`: the oldest running."
    ),
]

DATABASE = [
    string("connection", None, "The database of a cell: nova_cell0 in the API's nova.conf.")
]
API_DATABASE = [string("connection", None, "The API's database.")]

SECTIONS: dict[str, list[Option]] = {
    "DEFAULT": SERVICE + WORKERS + RPC + HOST + ZONES,
    "oslo_messaging_rabbit": RABBIT,
    "conductor": CONDUCTOR,
    "upgrade_levels": UPGRADE_LEVELS,
    "database": DATABASE,
    "api_database": API_DATABASE,
}
