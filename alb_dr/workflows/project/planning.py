"""Planning: the file against the Fleet, object by object and field by field. Reads only."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from alb_dr.errors import BadInput, Conflict, Forbidden, NotFound
from alb_dr.model.manifest import (
    ALB_CONFIG,
    APPLICATION_SET,
    NAMESPACE,
    Manifest,
    ManifestSet,
)
from alb_dr.model.plan import Action, Change, FieldChange, Generated, Plan, PlanChoices
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights, parse_weight
from alb_dr.ports import Clock, KubeApi, Narrator
from alb_dr.render.annotations import weight_key, weights_of
from alb_dr.workflows.delivery.apply import is_ours, makers
from alb_dr.workflows.delivery.gateway import creation_only_differences, with_live_listeners
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.live.differences import differences
from alb_dr.workflows.project.generated_applications import generated_applications
from alb_dr.workflows.project.strays import strays

ADOPT_HINT = "take it over with --adopt"
FORCE_HINT = "leave the fields to them, or take them over with --force-conflicts"


def make_plan(
    topology: Topology,
    manifests: ManifestSet,
    *,
    fleet: KubeApi,
    clock: Clock,
    narrator: Narrator,
    choices: PlanChoices,
) -> Plan:
    """What `up` would change, asked of the server without storing anything (safety F51).

    What stands in the way (foreign objects and fields, a needed replacement, an Application that
    would be deleted) is part of the plan. Raises what the server refuses otherwise.
    """
    with narrator.phase(f"comparing {len(manifests)} objects with {fleet.label} (dry run)"):
        planner = _Planner(topology, manifests, fleet, choices)
        changes = tuple(planner.change(m) for m in manifests)
        applications, notes = _applications(topology, changes, fleet, choices)
        notes += strays(topology, manifests, fleet=fleet)
    weights, live = planner.weights, planner.live_weights
    return Plan(
        changes=changes,
        applications=applications,
        weights=weights.as_dict(),
        live_weights=live,
        choices=choices,
        cluster_uid=_cluster_uid(fleet),
        made=clock.now(),
        notes=(*notes, *_kept_weights(topology, weights)),
    )


def _cluster_uid(fleet: KubeApi) -> str:
    try:
        return fleet.identity().cluster_uid
    except Forbidden:
        # Who may plan need not be allowed to read kube-system; the objects' uids still bind it.
        return ""


def _kept_weights(topology: Topology, weights: Weights) -> tuple[str, ...]:
    if weights == topology.weights:
        return ()
    live = ", ".join(f"{name} {weight}" for name, weight in topology.names(weights).items())
    file = ", ".join(f"{n} {w}" for n, w in topology.names(topology.weights).items())
    return (f"the live weights ({live}) stay; the file says {file} (--reset-weights)",)


class _Planner:
    """One comparison of all objects; remembers what the Ingress' weights are to be."""

    def __init__(
        self, topology: Topology, manifests: ManifestSet, fleet: KubeApi, choices: PlanChoices
    ) -> None:
        self._topology = topology
        self._fleet = fleet
        self._choices = choices
        self._new_namespaces = {m.id.name for m in manifests.of_kind(NAMESPACE)}
        self.weights = topology.weights
        self.live_weights: Mapping[str, str] = {}

    def change(self, wanted: Manifest) -> Change:
        """What becomes of one object."""
        live = self._fleet.get(wanted.id)
        if live is None:
            return self._creation(wanted)
        if wanted.id.kind == NAMESPACE:
            return Change(id=wanted.id, action=Action.KEEP, wanted=wanted, live=live)
        asked = wanted = self._merged(wanted, live)
        if wanted.id == ingress_id(self._topology):
            # Our own patches own the weights beside our own apply: asking the server to apply
            # others would be a conflict with ourselves. They are moved by a patch of their own.
            asked = with_weights(wanted, {**_file_weights(self.weights), **self.live_weights})
        return self._compared(wanted, asked, live)

    def _creation(self, wanted: Manifest) -> Change:
        try:
            preview = self._fleet.apply(wanted, dry_run=True)
        except NotFound:
            # An object cannot be dry-run in a namespace that this very plan is about to create.
            if wanted.id.namespace not in self._new_namespaces:
                raise
            preview = wanted
        fields = differences(None, preview.document)
        return Change(id=wanted.id, action=Action.CREATE, wanted=wanted, live=None, fields=fields)

    def _merged(self, wanted: Manifest, live: Manifest) -> Manifest:
        """The wanted document with what is kept of the live one: listeners and weights."""
        if wanted.id.kind == ALB_CONFIG and not self._choices.prune_listeners:
            return with_live_listeners(wanted, live)
        if wanted.id == ingress_id(self._topology):
            self.live_weights = weights_of(live.annotations)
            kept = keepable(self._topology, self.live_weights)
            if kept is not None and not self._choices.reset_weights:
                self.weights = kept
            return with_weights(wanted, _file_weights(self.weights))
        return wanted

    def _compared(self, wanted: Manifest, asked: Manifest, live: Manifest) -> Change:
        preview, problem = self._preview(asked, live)
        fields = differences(live.document, preview.document)
        if wanted.id == ingress_id(self._topology):
            fields = (*fields, *_weight_fields(self.live_weights, self.weights))
            problem = problem or _strangers(self.live_weights, self.weights)
        action = Action.UPDATE if fields or not is_ours(live) else Action.KEEP
        if wanted.id.kind == ALB_CONFIG and (new := creation_only_differences(wanted, live)):
            action, problem = Action.REPLACE, f"{', '.join(new)} can only be chosen at creation"
        elif problem:
            action = Action.FOREIGN
        return Change(
            id=wanted.id, action=action, wanted=wanted, live=live, fields=fields, problem=problem
        )

    def _preview(self, asked: Manifest, live: Manifest) -> tuple[Manifest, str]:
        """What the server would store, and who stands in the way of storing it."""
        foreign = ""
        if not is_ours(live) and not self._choices.adopt:
            foreign = f"made by {makers(live)}, not by alb-dr; {ADOPT_HINT}"
        try:
            force = self._choices.force_conflicts
            return self._fleet.apply(asked, dry_run=True, force=force), foreign
        except Conflict as conflict:
            forced = self._fleet.apply(asked, dry_run=True, force=True)
            return forced, foreign or f"{conflict.message}; {FORCE_HINT}"


def with_weights(ingress: Manifest, weights: Mapping[str, str]) -> Manifest:
    """The Ingress with these weights instead of its own."""
    document = copy.deepcopy(dict(ingress.document))
    annotations = document["metadata"].setdefault("annotations", {})
    for member in weights_of(annotations):
        del annotations[weight_key(member)]
    annotations.update({weight_key(member): weight for member, weight in weights.items()})
    return Manifest(id=ingress.id, document=document)


def _file_weights(weights: Weights) -> dict[str, str]:
    return {member: str(weight) for member, weight in weights}


def keepable(topology: Topology, live: Mapping[str, str]) -> Weights | None:
    """The live weights, if they are a whole split over exactly the members."""
    if set(live) != {member.id for member in topology.members}:
        return None
    try:
        return Weights.of({m.id: parse_weight(live[m.id], of=m.name) for m in topology.members})
    except BadInput:
        return None


def _weight_fields(live: Mapping[str, str], wanted: Weights) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(
            path=f"metadata.annotations[{weight_key(member)}]",
            before=live.get(member),
            after=str(weight),
        )
        for member, weight in wanted
        if live.get(member) != str(weight)
    )


def _strangers(live: Mapping[str, str], wanted: Weights) -> str:
    """The merged result must sum to 100, not only our part of it (safety F55)."""
    strangers = [member for member in live if wanted.get(member) is None]
    if not strangers:
        return ""
    return (
        f"it also gives weight to {', '.join(strangers)}, no member of the project file; "
        f"remove the annotation {weight_key(strangers[0])}, or add the member"
    )


def _applications(
    topology: Topology, changes: tuple[Change, ...], fleet: KubeApi, choices: PlanChoices
) -> tuple[tuple[Generated, ...], tuple[str, ...]]:
    change = next((c for c in changes if c.id.kind == APPLICATION_SET), None)
    if change is None:
        return (), ()
    return generated_applications(
        topology, change, fleet=fleet, may_delete=choices.delete_applications
    )
