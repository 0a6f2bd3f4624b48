"""A saved plan: one JSON file that `up` takes back, bound to what the plan saw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from alb_dr.errors import BadInput
from alb_dr.model.manifest import Document, Manifest
from alb_dr.model.plan import Action, Change, FieldChange, Plan, PlanChoices

SCHEMA = "alb-dr/plan/1"
"""Version of the file; another one is refused."""
_UNNEEDED = ("managedFields",)
"""Metadata that is large and says nothing about staleness."""


def write_plan(path: Path, plan: Plan) -> None:
    """Write the file. Raises BadInput when the place cannot be written."""
    document = {
        "schema": SCHEMA,
        "made": plan.made.isoformat(),
        "cluster_uid": plan.cluster_uid,
        "choices": asdict(plan.choices),
        "weights": dict(plan.weights),
        "live_weights": dict(plan.live_weights),
        "objects": [_saved(change) for change in plan.changes],
    }
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None


def _saved(change: Change) -> dict[str, Any]:
    return {
        "action": str(change.action),
        "problem": change.problem,
        "wanted": dict(change.wanted.document),
        "live": _without_noise(change.live.document) if change.live is not None else None,
        "fields": [asdict(f) for f in change.fields],
    }


def _without_noise(document: Document) -> dict[str, Any]:
    metadata = {k: v for k, v in document["metadata"].items() if k not in _UNNEEDED}
    return {k: v for k, v in document.items() if k != "status"} | {"metadata": metadata}


def read_plan(path: Path) -> Plan:
    """A saved plan. Raises BadInput for a file that is none, or one of another version.

    The generated Applications are not in it: they are looked at again when it is carried out.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read as a plan: {error}") from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise BadInput(f"{path} is no plan of this version", hint="alb-dr plan --out FILE")
    try:
        return _plan(document)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path} is a damaged plan: {type(error).__name__} {error}") from None


def _plan(document: Mapping[str, Any]) -> Plan:
    return Plan(
        changes=tuple(_change(saved) for saved in document["objects"]),
        applications=(),
        weights={str(k): int(v) for k, v in document["weights"].items()},
        live_weights={str(k): str(v) for k, v in document["live_weights"].items()},
        choices=PlanChoices(**document["choices"]),
        cluster_uid=str(document["cluster_uid"]),
        made=datetime.fromisoformat(document["made"]),
    )


def _change(saved: Mapping[str, Any]) -> Change:
    wanted = Manifest.of(saved["wanted"])
    live = saved["live"]
    return Change(
        id=wanted.id,
        action=Action(saved["action"]),
        wanted=wanted,
        live=Manifest(id=wanted.id, document=live) if live is not None else None,
        fields=tuple(FieldChange(**field) for field in saved["fields"]),
        problem=str(saved["problem"]),
    )
