"""Survivors: can those that are to carry the traffic serve? Asked side by side, for a moment only.

In an emergency an API that does not answer must not cost the time in which the weights could
have been moved, so each member is asked by a thread that is left behind when the moment is over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from alb_dr.errors import AlbDrError
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeReader
from alb_dr.workflows.members.control_side import ready_endpoints

MOMENT_S = 0.7
"""How long a person's emergency waits for them: the whole move is to take less than 2 s."""
POLL_S = 0.01
"""Between two looks whether all have answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivors:
    """What the survivors' APIs say, by member name: ready endpoints, or why nothing is known."""

    endpoints: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def dead(self) -> tuple[str, ...]:
        """Those whose API answers and knows of no ready endpoint."""
        return tuple(name for name, count in self.endpoints.items() if not count)


class SurvivorLook:
    """A look that is under way."""

    def __init__(
        self,
        topology: Topology,
        wanted: Sequence[MemberCluster],
        *,
        members: Callable[[str], KubeReader],
        clock: Clock,
        moment_s: float,
    ) -> None:
        self._moment_s = moment_s
        self._names = [m.name for m in wanted]
        self._clock = clock
        self._end = clock.monotonic() + moment_s
        self._seen: dict[str, int] = {}
        self._failed: dict[str, str] = {}
        for member in wanted:
            ask = (topology, member, members)
            threading.Thread(target=self._ask, args=ask, daemon=True).start()

    def _ask(
        self, topology: Topology, member: MemberCluster, members: Callable[[str], KubeReader]
    ) -> None:
        name = member.name
        try:
            self._seen[name] = ready_endpoints(topology, members(member.id))
        except AlbDrError as error:
            self._failed[name] = error.message

    def result(self) -> Survivors:
        """What is known when all have answered or the moment is over."""
        while self._open() and self._clock.monotonic() < self._end:
            self._clock.sleep(POLL_S)
        silent = f"no answer within {self._moment_s:g} s"
        return Survivors(
            endpoints={n: self._seen[n] for n in self._names if n in self._seen},
            unknown={n: self._failed.get(n, silent) for n in self._names if n not in self._seen},
        )

    def _open(self) -> bool:
        return any(n not in self._seen and n not in self._failed for n in self._names)
