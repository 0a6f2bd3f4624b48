"""A verify run as a JSON document, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alb_dr.errors import BadInput
from alb_dr.journal.documents import SCHEMA, known
from alb_dr.model.findings import Finding, Severity
from alb_dr.model.verify import ProberFacts, Question, VerifyRun


def to_document(run: VerifyRun) -> dict[str, Any]:
    """The run as plain values."""
    document = dataclasses.asdict(run)
    document["started"] = run.started.isoformat()
    return {"schema": SCHEMA, "verb": "verify", **document}


def from_document(document: Mapping[str, Any]) -> VerifyRun:
    """The run of a document; unknown keys of later versions are ignored. Raises BadInput."""
    if document.get("verb") != "verify" or document.get("schema") != SCHEMA:
        raise BadInput("this is no verify run", hint="it may be of another version of alb-dr")
    try:
        values = known(VerifyRun, document)
        values["started"] = datetime.fromisoformat(document["started"])
        values["question"] = Question(**known(Question, document["question"]))
        if document["prober"] is not None:
            values["prober"] = ProberFacts(**known(ProberFacts, document["prober"]))
        if document["control"] is not None:
            values["control"] = tuple(map(_finding, document["control"]))
        return VerifyRun(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"the description of the run is damaged: {error!r}") from error


def _finding(document: Mapping[str, Any]) -> Finding:
    values = known(Finding, document)
    return Finding(**(values | {"severity": Severity(document["severity"])}))
