"""Descriptors: how many connections the prober may hold without starving the rest."""

from __future__ import annotations

import resource

RESERVE = 128
"""Descriptors left for everything else: a drill must always be able to call its APIs to restore."""
WANTED = 32_768
"""Soft limit asked for; 5,000 requests a second with 5 s timeouts need 25,000 at worst."""


def most_connections() -> int:
    """Raise this process's soft limit as far as wanted and allowed; what the prober may use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = WANTED
    if soft == resource.RLIM_INFINITY:
        return WANTED
    target = max(soft, min(WANTED, hard))
    if target > soft:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (target, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        )
    return max(1, target - RESERVE)
