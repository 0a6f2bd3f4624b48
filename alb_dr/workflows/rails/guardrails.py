"""Guard rails: what must hold before a drill may harm anything, in order (safety §3.8). Reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from alb_dr.errors import AlbDrError
from alb_dr.model.manifest import Manifest, ResourceId
from alb_dr.workflows.delivery.policy import by_policy
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.members.survivor_state import SurvivorState
from alb_dr.workflows.rails import of_fleet as rails_fleet
from alb_dr.workflows.rails import of_members as rails_members
from alb_dr.workflows.rails.scene import OVERRIDABLE, RailScene
from alb_dr.workflows.records.identities import check_identities


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What the rails saw, for the drill: survivors by member id, expiries by API's label.

    ``overridden`` are the codes of refusals that a person overrode.
    """

    workload: Manifest
    ingress: Manifest
    survivors: Mapping[str, SurvivorState]
    expiries: Mapping[str, datetime]
    overridden: tuple[str, ...] = ()
    least: int | None = None
    to_pause: tuple[ResourceId, ...] = ()


def check_guardrails(scene: RailScene) -> Cleared:
    """What the rails saw when everything holds; Refused, Forbidden or BadInput otherwise."""
    rails = _Rails(scene)
    expiries = check_identities(
        (scene.fleet, *scene.members.values()), clock=scene.clock, narrator=scene.narrator
    )
    rails_fleet.rights(scene)
    rails_fleet.nothing_open(scene)
    switch = rails_fleet.kill_switch(scene)
    rails.ask(lambda: rails_fleet.window(scene, switch))
    workload = rails_members.victim_workload(scene)
    survivors = {m.id: rails_members.whole_survivor(scene, m) for m in scene.survivors}
    for member in scene.survivors:
        rails.ask(partial(rails_members.old_survivor, scene, member, survivors[member.id]))
    ingress = live_ingress(scene.topology, fleet=scene.fleet)
    rails.ask(lambda: rails_fleet.nothing_away(scene, ingress))
    rails_fleet.sound_weights(scene, ingress)
    rails.ask(lambda: rails_members.capacity(scene, ingress))
    rails.ask(lambda: rails_fleet.connected(scene))
    rails_fleet.health_checks(scene, ingress)
    rails.ask(lambda: rails_fleet.credentials(scene, expiries))
    scalers = rails_members.scalers_and_guard(scene, workload)
    if by_policy(scene.topology):
        # Documented nowhere: a scheduler that reverts copies would end the outage before its time.
        scene.narrator.warn(
            "the workload is placed by policy: the Fleet may scale it back by itself"
        )
    return Cleared(
        workload=workload,
        ingress=ingress,
        survivors=survivors,
        expiries=expiries,
        overridden=tuple(rails.overridden),
        least=scalers.least,
        to_pause=scalers.to_pause,
    )


class _Rails:
    """Asks rails that a person may override by name."""

    def __init__(self, scene: RailScene) -> None:
        self._scene = scene
        self.overridden: list[str] = []

    def ask(self, rail: Callable[[], None]) -> None:
        """Ask one; its refusal is only a warning when it was overridden."""
        try:
            rail()
        except AlbDrError as error:
            if error.code in self._scene.rules.overrides:
                self.overridden.append(error.code)
                self._scene.narrator.warn(f"overridden: {error.message}")
                return
            if error.code in OVERRIDABLE:
                error.hint = f"{error.hint}; or --override {error.code}"
            raise
