"""A WORLD to rehearse in: Kubernetes APIs, controllers, a gateway and pods on this machine.

The contract of this floor: it is reached over real sockets only. It shares no code with ``fleet``
and ``probe``, so a mistake cannot hide on both sides of the wire.
"""
