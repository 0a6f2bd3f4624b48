"""Settings: how to behave. The pair of Topology and Settings is the Config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alb_dr.model.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Timeouts in seconds and places; every value can be said by flag or environment."""

    call_timeout_s: float = 10.0
    """Longest one API call may take, retries included (safety F31)."""
    gateway_timeout_s: float = 600.0
    """Longest wait for the gateway: creation takes minutes, a failed reconcile up to five more."""
    distribute_timeout_s: float = 300.0
    """Longest wait until every member runs the workload."""
    dataplane_timeout_s: float = 300.0
    """Longest wait until the data plane shows a new split."""
    state_dir: Path = field(default_factory=Path)
    """Where runs and journals live; ``$XDG_STATE_HOME/alb-dr`` unless said otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the world should be, how to behave, and where each value came from."""

    topology: Topology
    settings: Settings
    path: Path
    origins: Mapping[str, str] = field(default_factory=dict)
