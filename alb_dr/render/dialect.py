"""The template dialect: ``${ value | q }`` and lines that start with ``#%``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import jinja2
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alb_dr.errors import BadInput
from alb_dr.render.library import TemplateLibrary

_BEYOND_ASCII = re.compile(r"[^\x20-\x7e]")


def quoted(value: object) -> str:
    """The value in YAML's double-quoted form, so that no character of it can end its place.

    That is JSON with one difference: what lies outside ASCII is escaped as YAML does it. JSON
    escapes a character beyond U+FFFF as two halves, which YAML reads as two characters; and
    YAML's own line separators (U+0085, U+2028, U+2029) must not stand there unescaped.
    """
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises, naming the variable that does not exist
    return _BEYOND_ASCII.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


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
