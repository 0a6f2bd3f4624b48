"""A drill as a JSON document, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alb_dr.errors import BadInput
from alb_dr.journal.documents import SCHEMA, known
from alb_dr.model.drill import DrillPlan
from alb_dr.model.drill_report import DrillOutcome, DrillRun, Ended, Marks, Step
from alb_dr.model.verify import ProberFacts


def to_document(run: DrillRun) -> dict[str, Any]:
    """The run as plain values."""
    document = dataclasses.asdict(run)
    document["started"] = run.started.isoformat() if run.started else None
    document["timeline"] = [{"at": s.at.isoformat(), "what": s.what} for s in run.timeline]
    return {"schema": SCHEMA, "verb": "drill", **document}


def from_document(document: Mapping[str, Any]) -> DrillRun:
    """The run of a document; unknown keys of later versions are ignored. Raises BadInput."""
    if document.get("verb") != "drill" or document.get("schema") != SCHEMA:
        raise BadInput("this is no drill", hint="it may be of another version of alb-dr")
    try:
        values = known(DrillRun, document)
        values["plan"] = DrillPlan(**known(DrillPlan, document["plan"]))
        values["marks"] = Marks(**known(Marks, document["marks"]))
        values["timeline"] = tuple(
            Step(at=datetime.fromisoformat(s["at"]), what=str(s["what"]))
            for s in document["timeline"]
        )
        if document["ended"] is not None:
            ended = document["ended"]
            values["ended"] = Ended(outcome=DrillOutcome(ended["outcome"]), why=str(ended["why"]))
        if document["prober"] is not None:
            values["prober"] = ProberFacts(**known(ProberFacts, document["prober"]))
        if document["started"] is not None:
            values["started"] = datetime.fromisoformat(document["started"])
        run = DrillRun(**values)
        run.members.index(run.plan.victim)
        return run
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"the description of the run is damaged: {error!r}") from error
