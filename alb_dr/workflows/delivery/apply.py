"""Apply: ask the server about every object first, then write, then say exactly what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alb_dr.errors import AlbDrError, Conflict, Interruption, NotFound, PartlyApplied
from alb_dr.model.manifest import NAMESPACE, Manifest, ManifestSet, ResourceId
from alb_dr.model.plan import Action, Applied, Change
from alb_dr.ports import KubeApi, Narrator
from alb_dr.workflows.after_writing import hint_after_writing
from alb_dr.workflows.live.differences import differences

FIELD_MANAGER = "alb-dr"
"""The name under which alb-dr owns fields; the API's managedFields carry it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyChoices:
    """What the person allowed: nothing stored, foreign fields or objects taken over."""

    dry_run: bool = False
    force_conflicts: bool = False
    adopt: bool = False


def plan_changes(
    manifests: ManifestSet, *, api: KubeApi, choices: ApplyChoices
) -> tuple[Change, ...]:
    """What applying each manifest would change, asked of the server without storing anything.

    Raises Conflict for an object that somebody else made (unless ``adopt``) or owns fields of
    (unless ``force_conflicts``), and whatever the server refuses.
    """
    created = {m.id.name for m in manifests.of_kind(NAMESPACE)}
    return tuple(_change(m, api=api, choices=choices, new_namespaces=created) for m in manifests)


def _change(
    wanted: Manifest, *, api: KubeApi, choices: ApplyChoices, new_namespaces: set[str]
) -> Change:
    live = api.get(wanted.id)
    if live is not None and wanted.id.kind == NAMESPACE:
        return Change(id=wanted.id, action=Action.KEEP, wanted=wanted, live=live)
    if live is not None and not choices.adopt:
        _refuse_foreign(live)
    try:
        preview = api.apply(wanted, dry_run=True, force=choices.force_conflicts)
    except NotFound:
        # An object cannot be dry-run in a namespace that this very set is about to create.
        if live is not None or wanted.id.namespace not in new_namespaces:
            raise
        preview = wanted
    fields = differences(live.document if live else None, preview.document)
    if live is None:
        action = Action.CREATE
    else:
        action = Action.UPDATE if fields or not is_ours(live) else Action.KEEP
    return Change(id=wanted.id, action=action, wanted=wanted, live=live, fields=fields)


def is_ours(live: Manifest) -> bool:
    """Whether alb-dr has applied this object; a patch of one of its fields does not count."""
    managers = live.metadata.get("managedFields") or []
    return any(
        entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"
        for entry in managers
    )


def makers(live: Manifest) -> str:
    """Who wrote this object, by the names the API keeps; for people."""
    managers = live.metadata.get("managedFields") or []
    names = sorted({str(m.get("manager")) for m in managers if not m.get("subresource")})
    return ", ".join(names) or "somebody else"


def _refuse_foreign(live: Manifest) -> None:
    if is_ours(live):
        return
    raise Conflict(
        f"{live.id} exists and was made by {makers(live)}, not by alb-dr",
        hint="look at it with --dry-run --adopt, then take it over with --adopt",
        code="ADR-FOREIGN",
    )


def apply_changes(
    changes: Sequence[Change], *, api: KubeApi, choices: ApplyChoices, narrator: Narrator
) -> Applied:
    """Write the changes in order.

    When one fails after others were written, PartlyApplied lists both sides; when the very first
    write fails its own error is raised, since nothing was changed.
    """
    done: list[Change] = []
    for n, change in enumerate(changes):
        if choices.dry_run or change.action is Action.KEEP:
            done.append(change)
            continue
        try:
            api.apply(change.wanted, force=choices.force_conflicts)
        except (AlbDrError, Interruption) as error:
            written = [c.id for c in done if c.action is not Action.KEEP]
            if not written or isinstance(error, Interruption):
                raise
            raise _partly(error, written, [c.id for c in changes[n:]]) from error
        narrator.note(f"{'created' if change.action is Action.CREATE else 'changed'} {change.id}")
        done.append(change)
    return Applied(changes=tuple(done), dry_run=choices.dry_run)


def _partly(error: AlbDrError, done: Sequence[ResourceId], rest: Sequence[ResourceId]) -> Exception:
    return PartlyApplied(
        f"{rest[0]} could not be applied: {error.message}",
        applied=[str(id_) for id_ in done],
        not_applied=[str(id_) for id_ in rest],
        hint=hint_after_writing(error.hint),
    )


def apply(
    manifests: ManifestSet, *, api: KubeApi, choices: ApplyChoices, narrator: Narrator
) -> Applied:
    """Plan against the server, then write what differs."""
    count = "1 object" if len(manifests) == 1 else f"{len(manifests)} objects"
    with narrator.phase(f"checking {count} with {api.label} (dry run)"):
        changes = plan_changes(manifests, api=api, choices=choices)
    return apply_changes(changes, api=api, choices=choices, narrator=narrator)
