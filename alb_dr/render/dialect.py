"""The template dialect: ``${ value | q }`` and lines that start with ``#%``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jinja2
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alb_dr.errors import BadInput
from alb_dr.render.library import TemplateLibrary


def quoted(value: object) -> str:
    """The value as JSON, which is YAML: no character of it can end its place.

    Everything outside ASCII is escaped, so YAML's own line separators cannot split a line.
    """
    return json.dumps(value, ensure_ascii=True)


def fill(library: TemplateLibrary, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The document a template makes of the variables; BadInput names template and line."""
    text = fill_text(library, name, variables)
    try:
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise BadInput(f"template {name} makes no YAML: {error.problem} (line {line})") from None
    if not isinstance(document, dict) or not {"apiVersion", "kind", "metadata"} <= document.keys():
        raise BadInput(f"template {name} makes no Kubernetes document")
    return document


def fill_text(library: TemplateLibrary, name: str, variables: Mapping[str, Any]) -> str:
    """The text a template makes of the variables."""
    try:
        return _environment().from_string(library.read(name)).render(variables)
    except jinja2.TemplateSyntaxError as error:
        raise BadInput(f"template {name}:{error.lineno}: {error.message}") from None
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise BadInput(
            f"template {name}: {error}", hint="the variables: docs/reference/templates.md"
        ) from None


def _environment() -> jinja2.Environment:
    environment = ImmutableSandboxedEnvironment(
        variable_start_string="${",
        variable_end_string="}",
        line_statement_prefix="#%",
        block_start_string="<%never",
        block_end_string="never%>",
        comment_start_string="<#never",
        comment_end_string="never#>",
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    )
    environment.filters["q"] = quoted
    return environment
