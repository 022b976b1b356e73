"""What an operator does to a running cloud, and the accidents that can be arranged for it.

Each verb is a recorded input: a fork does it again. What a service makes of it is the service's own: accidents happen
at the doors (messages, HTTP, databases, hypervisors), never in the code of a service.
"""

from simnova.cloud.accidents.verbs import Accidents as Accidents

__door__ = True
