"""Obstacles: what would undo a drill, or keep it from being taken back. Found once, used twice.

The guard rails of a drill refuse what `check` warns of, so that neither knows better.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alb_dr.errors import Refused
from alb_dr.ports import Narrator


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One thing in the way, in words.

    ``refuses``: a drill is not begun because of it, unless its ``override`` was given, which is
    the option's name; empty where none is allowed. ``note``: it is only worth knowing.
    """

    code: str
    text: str
    hint: str
    refuses: bool = True
    override: str = ""
    note: bool = False


def refuse(found: Iterable[Obstacle], *, overrides: Iterable[str], narrator: Narrator) -> None:
    """Say what is in the way; Refused for the first that no given override lets pass."""
    given = frozenset(overrides)
    for obstacle in found:
        if obstacle.refuses and obstacle.override not in given - {""}:
            hint = obstacle.hint
            if obstacle.override:
                hint = f"{hint}; or {obstacle.override}"
            raise Refused(obstacle.text, hint=hint, code=obstacle.code)
        say = narrator.note if obstacle.note else narrator.warn
        say(obstacle.text)
