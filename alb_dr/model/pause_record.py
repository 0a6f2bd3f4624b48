"""The record of a pause: stands on the ScaledObject, written in the same patch that pauses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

SCHEMA = 1
"""Version of the record; a newer one is not touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRecord:
    """The pausing annotations as they were, None for an absent one; ``replicas`` of the target.

    Whoever finds it can end the pause without anything else.
    """

    drill: str
    former: Mapping[str, str | None]
    replicas: int
    deadline: str
    by: str
    schema: int = SCHEMA

    def dump(self) -> str:
        """The annotation's value."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def parse(text: str) -> PauseRecord | None:
        """The record of an annotation; None for one this version must not touch."""
        try:
            record = PauseRecord(**json.loads(text))
        except (ValueError, TypeError):
            return None
        return record if record.schema == SCHEMA and _sound(record) else None


def _sound(record: PauseRecord) -> bool:
    """Whether every field is what it should be: anybody may have written the annotation."""
    words = (record.drill, record.deadline, record.by)
    return (
        all(isinstance(word, str) for word in words)
        and type(record.replicas) is int
        and record.replicas > 0
        and isinstance(record.former, dict)
        and all(value is None or isinstance(value, str) for value in record.former.values())
    )
