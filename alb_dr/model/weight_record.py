"""The record of held weights: stands on the Ingress, written in the same patch that holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

SCHEMA = 1
"""Version of the record; a newer one is not touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightRecord:
    """Weights by member id, as they stand in annotations: those found, those a drill wrote last.

    Whoever finds it can put the weights back without anything else.
    """

    drill: str
    former: Mapping[str, str]
    held: Mapping[str, str]
    deadline: str
    reason: str
    by: str
    schema: int = SCHEMA

    def dump(self) -> str:
        """The annotation's value."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def parse(text: str) -> WeightRecord | None:
        """The record of an annotation; None for one this version must not touch."""
        try:
            record = WeightRecord(**json.loads(text))
        except (ValueError, TypeError):
            return None
        known = record.schema == SCHEMA and isinstance(record.drill, str)
        return record if known and _sound(record.former) and _sound(record.held) else None


def _sound(weights: object) -> bool:
    """Whether these are weights at all: text for each member, at least one."""
    return (
        isinstance(weights, dict)
        and bool(weights)
        and all(
            isinstance(word, str) and word.isascii() and word.isdigit() for word in weights.values()
        )
    )
