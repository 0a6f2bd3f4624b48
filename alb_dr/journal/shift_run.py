"""A shift as a JSON document, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from alb_dr.errors import AlbDrError, BadInput
from alb_dr.journal.documents import SCHEMA, known
from alb_dr.model.drill_report import Step
from alb_dr.model.shift import (
    OnFailure,
    ShiftPhase,
    ShiftReport,
    ShiftRequest,
    StepReport,
    Thresholds,
)
from alb_dr.model.weights import Weights


def to_document(report: ShiftReport, members: Sequence[str]) -> dict[str, Any]:
    """The report as plain values; ``members`` are the names the samples count in."""
    document = dataclasses.asdict(report)
    document["request"]["target"] = report.request.target.as_dict()
    document["timeline"] = [{"at": s.at.isoformat(), "what": s.what} for s in report.timeline]
    return {"schema": SCHEMA, "verb": "shift", "members": list(members), **document}


def from_document(document: Mapping[str, Any]) -> tuple[ShiftReport, tuple[str, ...]]:
    """The report and the members of a document; unknown keys are ignored. Raises BadInput."""
    if document.get("verb") != "shift" or document.get("schema") != SCHEMA:
        raise BadInput("this is no shift", hint="it may be of another version of alb-dr")
    try:
        values = known(ShiftReport, document)
        values["request"] = _request(document["request"])
        values["phase"] = ShiftPhase(document["phase"])
        values["steps"] = tuple(StepReport(**known(StepReport, s)) for s in document["steps"])
        values["timeline"] = tuple(
            Step(at=datetime.fromisoformat(s["at"]), what=str(s["what"]))
            for s in document["timeline"]
        )
        return ShiftReport(**values), tuple(map(str, document["members"]))
    except (KeyError, TypeError, ValueError, AttributeError, AlbDrError) as error:
        raise BadInput(f"the description of the run is damaged: {error!r}") from error


def _request(document: Mapping[str, Any]) -> ShiftRequest:
    values = known(ShiftRequest, document)
    values["target"] = Weights.of(document["target"])
    values["on_failure"] = OnFailure(document["on_failure"])
    values["thresholds"] = Thresholds(**known(Thresholds, document["thresholds"]))
    return ShiftRequest(**values)
