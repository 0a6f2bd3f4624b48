"""Fields that a built-in kind does not have: dropped, and told or refused as the writer wants."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from alb_dr.sandbox.kube.fieldset import key_step, list_key, words
from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import ApiError, Json, bad_request, invalid

FILE = Path(__file__).with_name("schema.json")
"""The fields of every built-in kind; written by ``python -m tests.sandbox.kube.schema``."""
DIRECTIVES = ("Ignore", "Strict", "Warn")
LONGEST_WARNINGS = 4096
"""Characters of all warnings of one answer, as a real API server's bound."""

Place = tuple[str | int, ...]
"""Where a field stands: names, and numbers within lists."""


@dataclass(slots=True)
class Validation:
    """What one request wants done about unknown fields, and the warnings of its answer."""

    directive: str = "Warn"
    warnings: list[str] = field(default_factory=list)

    def decoded(self, resource: Resource, document: Json) -> Json:
        """A document as sent to create or replace, without unknown fields; 400 if strict."""
        kept, problems = self._looked_at(resource, document)
        if problems:
            raise bad_request(
                f'{resource.kind} in version "{resource.version}" cannot be handled as a '
                f"{resource.kind}: {problems}"
            )
        return kept

    def patched(self, resource: Resource, document: Json, shown: str | None) -> Json:
        """A patched document without unknown fields; 422 if strict.

        ``shown`` is what the refusal repeats: the patch, or None for the patched document.
        """
        kept, problems = self._looked_at(resource, document)
        if problems:
            value = json.dumps(document, separators=(",", ":")) if shown is None else shown
            message = f"Invalid value: {json.dumps(value)}: {problems}"
            raise invalid("", "", "", [("FieldValueInvalid", "patch", message)])
        return kept

    def _looked_at(self, resource: Resource, document: Json) -> tuple[Json, str]:
        """The document without unknown fields, and the refusal if one is due."""
        kept, places = pruned(resource, document)
        problems = list(dict.fromkeys(f'unknown field "{dotted(place)}"' for place in places))
        if problems and self.directive == "Strict":
            return kept, f"strict decoding error: {', '.join(problems)}"
        if self.directive == "Warn":
            self.warnings += problems
        return kept, ""

    def headers(self) -> list[str]:
        """The values of the answer's Warning headers; what a header cannot hold is left out."""
        fit: list[str] = []
        for text in self.warnings:
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            longer = sum(map(len, fit)) + len(quoted) > LONGEST_WARNINGS
            if text.isprintable() and not longer:
                fit.append(quoted)
        return [f'299 - "{text}"' for text in fit]


def validation_of(directive: str, method: str) -> Validation:
    """What ``fieldValidation`` asks for; 422 for a word that is none of the three."""
    if directive and directive not in DIRECTIVES:
        kind = {"POST": "CreateOptions", "PUT": "UpdateOptions"}.get(method, "PatchOptions")
        supported = ", ".join(f'"{word}"' for word in DIRECTIVES)
        message = f"Unsupported value: {json.dumps(directive)}: supported values: {supported}"
        causes = [("FieldValueNotSupported", "fieldValidation", message)]
        raise invalid(kind, "meta.k8s.io", "", causes)
    return Validation(directive or "Warn")


def check_applied(resource: Resource, document: Json, subject: str) -> None:
    """Refuse (500, as a real API does) an applied document with fields that are not there."""
    places = pruned(resource, document)[1]
    if not places:
        return
    found = [f"{_named(document, place)}: field not declared in schema" for place in places]
    text = found[0] if len(found) == 1 else "\n  ".join(["errors:", *found])
    raise ApiError(500, "", f"failed to create typed patch object ({subject}): {text}")


def pruned(resource: Resource, document: Json) -> tuple[Json, list[Place]]:
    """The document without the fields its kind does not have, and where they were.

    A kind without a schema here, a custom one above all, keeps everything.
    """
    kind = _schema()["kinds"].get(resource.name) if resource.typed else None
    places: list[Place] = []
    return (_kept(document, kind, (), places) if kind else document), places


def _kept(value: Any, shape: str, at: Place, places: list[Place]) -> Any:
    """The value without unknown fields, by its shape: ``X``, ``[X]`` or ``{X}``."""
    if shape.startswith("[") and isinstance(value, list):
        inner = shape[1:-1]
        return [_kept(item, inner, (*at, n), places) for n, item in enumerate(value)]
    if not isinstance(value, dict) or shape.startswith("["):
        return value
    if shape.startswith("{"):
        inner = shape[1:-1]
        return {k: _kept(v, inner, (*at, k), places) for k, v in value.items()}
    fields, kept = _schema()["types"][shape], {}
    for name, inner_value in value.items():
        if name not in fields:
            places.append((*at, name))
            continue
        inner = fields[name]
        kept[name] = _kept(inner_value, inner, (*at, name), places) if inner else inner_value
    return kept


def dotted(place: Place) -> str:
    """A place as a decoder names it: ``spec.containers[0].bogus``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")


def _named(document: Any, place: Place) -> str:
    """A place as an apply names it: ``.spec.containers[name="web"].bogus``."""
    text, here = "", document
    for n, step in enumerate(place):
        if isinstance(step, int):
            keys = list_key(str(place[n - 1]), here, typed=True)
            text += words((key_step(here[step], keys),)) if keys else f"[{step}]"
            here = here[step]
        else:
            text += f".{step}"
            here = here.get(step)
    return text


def go_words(value: Any) -> str:
    """A value as Go prints it: ``map[a:1 b:[x y]]``."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{go_words(value[k])}" for k in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_words(item) for item in value) + "]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


@cache
def _schema() -> Json:
    """The file, read when the first document comes."""
    found: Json = json.loads(FILE.read_text())
    return found
