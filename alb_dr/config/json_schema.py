"""The JSON schema of the project file, for editors."""

from __future__ import annotations

from typing import Any

from alb_dr.config.schema import ProjectPart


def project_schema() -> dict[str, Any]:
    """The schema, generated from the models that decode the file, so it cannot drift."""
    schema = ProjectPart.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
