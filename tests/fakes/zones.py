"""An ALB in memory whose zones leave DNS and come back: the reading and the writing port in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from alb_dr.errors import AlbDrError, NotFound, Rejected
from alb_dr.model.cloud import AlbZone, LoadBalancer, ZoneState
from alb_dr.ports import Clock

ALB_ID = "alb-1"
DELAY_S = 2.5


def an_alb(zones: Sequence[str] = ("zone-b", "zone-c"), **changes: Any) -> LoadBalancer:
    """An ALB with one static address in each zone."""
    found = tuple(
        AlbZone(id=z, vswitch_id=f"vsw-{n}", state="Active", addresses=(f"10.0.0.{n}",))
        for n, z in enumerate(zones, 1)
    )
    values: dict[str, Any] = {
        "id": ALB_ID, "name": "one-alb-demo", "status": "Active", "edition": "Standard",
        "vpc_id": "vpc-1", "dns_name": "alb-1.test", "address_mode": "Fixed", "zones": found,
    }  # fmt: skip
    return LoadBalancer(**(values | changes))


class FakeAlb:
    """``calls`` is what was asked; ``fail`` may refuse a call, ``lose`` its answer afterwards.

    A zone arrives ``DELAY_S`` after it was asked for; with ``stuck`` it never does.
    """

    def __init__(self, clock: Clock, alb: LoadBalancer | None = None) -> None:
        self.alb: LoadBalancer | None = alb or an_alb()
        self.calls: list[str] = []
        self.fail: Callable[[str], BaseException | None] = lambda _call: None
        self.lose: Callable[[str], BaseException | None] = lambda _call: None
        self.stuck = False
        self._clock = clock
        self._due: dict[str, tuple[float, str]] = {}

    @property
    def states(self) -> dict[str, str]:
        """The zones' states by id, those under way having arrived."""
        self._clock.sleep(DELAY_S)
        return {zone.id: zone.state for zone in self._now().zones}

    def put(self, zone_id: str, state: str) -> None:
        """Somebody at the console."""
        balancer = self._now()
        zones = tuple(replace(z, state=state) if z.id == zone_id else z for z in balancer.zones)
        self.alb = replace(balancer, zones=zones)

    def load_balancer(self, alb_id: str) -> LoadBalancer:
        """As the port says."""
        return self._met(f"read {alb_id}", self._now)  # type: ignore[no-any-return]

    def start_shift(self, alb_id: str, zone: AlbZone, *, token: str, dry_run: bool = False) -> None:
        """As the port says."""
        self._change("start", alb_id, zone, token, dry_run)

    def cancel_shift(
        self, alb_id: str, zone: AlbZone, *, token: str, dry_run: bool = False
    ) -> None:
        """As the port says."""
        self._change("cancel", alb_id, zone, token, dry_run)

    def _change(self, what: str, alb_id: str, zone: AlbZone, token: str, dry_run: bool) -> None:
        assert token.isascii()
        assert len(token) <= 64
        origin, via, to = {
            "start": (ZoneState.ACTIVE, ZoneState.STOPPING, ZoneState.SHIFTED),
            "cancel": (ZoneState.SHIFTED, ZoneState.STARTING, ZoneState.ACTIVE),
        }[what]

        def do() -> None:
            live = self._now().zone(zone.id)
            if live is None or live.state != origin or live.vswitch_id != zone.vswitch_id:
                raise Rejected(f"IncorrectStatus: {live}")
            if not dry_run:
                self.put(zone.id, via)
                self._due[zone.id] = (self._clock.monotonic() + DELAY_S, to)

        self._met(f"{'dry ' if dry_run else ''}{what} {zone.id}", do)

    def _met(self, call: str, work: Callable[[], Any]) -> Any:
        self.calls.append(call)
        if (refused := self.fail(call)) is not None:
            raise refused
        answer = work()
        if (lost := self.lose(call)) is not None:
            raise lost
        return answer

    def _now(self) -> LoadBalancer:
        for zone_id, (due_s, state) in list(self._due.items()):
            if self._clock.monotonic() >= due_s and not self.stuck:
                del self._due[zone_id]
                self.put(zone_id, state)
        if self.alb is None:
            raise NotFound("ResourceNotFound.LoadBalancer")
        return self.alb


def once(error: AlbDrError, call: str) -> Callable[[str], AlbDrError | None]:
    """An error at the first call that begins so."""
    left = [error]
    return lambda seen: left.pop() if left and seen.startswith(call) else None
