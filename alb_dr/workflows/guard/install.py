"""Installing the guard: its objects in one member after the other, and exactly what was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from alb_dr.errors import AlbDrError, PartlyApplied
from alb_dr.model.manifest import ManifestSet
from alb_dr.model.plan import Action, Applied
from alb_dr.ports import KubeApi, Narrator
from alb_dr.workflows.after_writing import hint_after_writing
from alb_dr.workflows.delivery.apply import ApplyChoices, apply


def install(
    manifests: ManifestSet,
    *,
    members: Mapping[str, KubeApi],
    choices: ApplyChoices,
    narrator: Narrator,
) -> Mapping[str, Applied]:
    """Apply the objects in each member, by name.

    When one fails after anything was written in any, PartlyApplied lists both sides of all of
    them; before that its own error is raised, since nothing was changed.
    """
    done: dict[str, Applied] = {}
    for name, api in members.items():
        try:
            done[name] = apply(manifests, api=api, choices=choices, narrator=narrator)
        except AlbDrError as error:
            rest = [each for each in members if each not in done]
            partly = _partly(error, done, rest, manifests)
            if not partly.applied:
                raise
            raise partly from error
    return done


def _partly(
    error: AlbDrError, done: Mapping[str, Applied], rest: Sequence[str], manifests: ManifestSet
) -> PartlyApplied:
    """The failure in the first of the rest, with what was and was not written anywhere."""
    every = [str(manifest.id) for manifest in manifests]
    here, *later = rest
    written, left = [*_written(done)], every
    words = f"something was written before this failed: {error.message}"
    if isinstance(error, PartlyApplied):
        written += _in(here, error.applied)
        left, words = [*error.not_applied], error.message
    return PartlyApplied(
        words,
        applied=written,
        not_applied=[*_in(here, left), *(line for name in later for line in _in(name, every))],
        hint=error.hint if isinstance(error, PartlyApplied) else hint_after_writing(error.hint),
    )


def _written(done: Mapping[str, Applied]) -> Iterator[str]:
    for name, applied in done.items():
        if not applied.dry_run:
            yield from _in(name, (c.id for c in applied.changes if c.action is not Action.KEEP))


def _in(member: str, objects: Iterable[object]) -> Iterator[str]:
    return (f"{member}: {each}" for each in objects)
