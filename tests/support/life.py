"""The operations that a server goes through one after another, and the status after each."""

LIFE = {
    "stop": "SHUTOFF",
    "start": "ACTIVE",
    "reboot": "ACTIVE",
    "pause": "PAUSED",
    "unpause": "ACTIVE",
    "suspend": "SUSPENDED",
    "resume": "ACTIVE",
    "rescue": "RESCUE",
    "unrescue": "ACTIVE",
    "rebuild": "ACTIVE",
    "shelve": "SHELVED_OFFLOADED",
    "unshelve": "ACTIVE",
}
MOVED_AND_BACK = {"migrate": "VERIFY_RESIZE", "revert_resize": "ACTIVE"}
