"""The template dialect: ``${ value | q }`` and lines that start with ``#%``."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
import jinja2.nodes
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
        raise BadInput(
            f"template {name} makes no YAML: {error.problem} (line {line} of what it makes)",
            hint="every value is placed with ${ value | q }",
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(f"template {name} makes no YAML: {reason}") from None
    if not isinstance(document, dict) or not {"apiVersion", "kind", "metadata"} <= document.keys():
        raise BadInput(f"template {name} makes no Kubernetes document")
    return document


def fill_text(library: TemplateLibrary, name: str, variables: Mapping[str, Any]) -> str:
    """The text a template makes of the variables."""
    environment = _environment()
    try:
        tree = environment.parse(library.read(name))
        _check_placed(name, tree)
        return environment.from_string(tree).render(variables)
    except jinja2.TemplateSyntaxError as error:
        raise BadInput(f"template {name}:{error.lineno}: {error.message}") from None
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise BadInput(
            f"template {name}{_line_of(error)}: {error}",
            hint="the variables: docs/reference/templates.md",
        ) from None


def _check_placed(name: str, tree: jinja2.nodes.Template) -> None:
    """Refuse a value that is placed without ``q``: it could bring keys of its own (safety F68)."""
    for kind in (jinja2.nodes.Include, jinja2.nodes.Import, jinja2.nodes.Extends):
        for node in tree.find_all(kind):
            raise BadInput(f"template {name}:{node.lineno}: a template cannot use another one")
    for output in tree.find_all(jinja2.nodes.Output):
        for part in output.nodes:
            quoted_last = isinstance(part, jinja2.nodes.Filter) and part.name == "q"
            if not quoted_last and not isinstance(part, jinja2.nodes.TemplateData):
                raise BadInput(
                    f"template {name}:{part.lineno}: a value is placed without the filter q",
                    hint="write ${ value | q }",
                )


def _line_of(error: BaseException) -> str:
    """``:LINE`` of the template for an error at fill time; jinja rewrites the traceback to it."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<template>"]
    return f":{lines[-1]}" if lines else ""


@cache
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
