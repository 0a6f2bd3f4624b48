"""Pod addresses: what the API shows, and where the process really listens.

An API server refuses loopback addresses in EndpointSlices, and a laptop has no other network. So a
pod's process listens at 127.a.b.c, and everybody is told 10.a.b.c.
"""

from __future__ import annotations

SHOWN, BOUND = "10.", "127."


def shown(bound: str) -> str:
    """The address the API shows for a process on loopback."""
    return SHOWN + bound.removeprefix(BOUND)


def bound(shown: str) -> str:
    """Where the pod with this address really listens."""
    return BOUND + shown.removeprefix(SHOWN) if shown.startswith(SHOWN) else shown
