"""What the documents of all runs have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

SCHEMA = "alb-dr/run/1"
"""Additions only within one number."""


def known(noun: type, document: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a document that a noun has fields for; later versions may know more."""
    names = [field.name for field in dataclasses.fields(noun)]
    return {name: document[name] for name in names if name in document}
