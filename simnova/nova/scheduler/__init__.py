"""nova-scheduler: on which host does a server run?"""
