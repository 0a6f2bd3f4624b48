"""Writes the fields of the built-in kinds: ``python -m tests.sandbox.kube.schema``.

They are read from the models of the ``kubernetes`` client, which are made from Kubernetes' own
OpenAPI document.
"""

from __future__ import annotations

import json
import re

from kubernetes import __version__
from kubernetes.client import models

from alb_dr.sandbox.kube.resources import BUILTINS, Resource
from alb_dr.sandbox.kube.schema import FILE

LEFT_OUT = frozenset({"customresourcedefinitions"})
"""Schemas of schemas are looked after by nobody here."""
_TYPES = {"str": "string", "bool": "bool", "int": "int32"}
_OF = re.compile(r"(List|Dict)\[(?:str, )?(.*)\]")


def model_of(resource: Resource) -> str:
    """The name of the model of a served kind."""
    version = resource.version.capitalize()
    names = (f"{version}{resource.kind}", f"Core{version}{resource.kind}")
    return next(name for name in names if hasattr(models, name))


QUANTITIES = frozenset(
    {
        "allocatable",
        "allocatedResources",
        "averageValue",
        "capacity",
        "divisor",
        "limits",
        "overhead",
        "requests",
        "sizeLimit",
    }
)
"""Fields that a client's models call texts, and that may be numbers."""
QUANTITY_MODELS = frozenset({"V2MetricTarget", "V2MetricValueStatus"})
"""Models whose ``value`` is one, too."""
INT64 = frozenset(
    {
        "activeDeadlineSeconds",
        "deletionGracePeriodSeconds",
        "expirationSeconds",
        "fsGroup",
        "generation",
        "gracePeriodSeconds",
        "observedGeneration",
        "revision",
        "runAsGroup",
        "runAsUser",
        "sizeBytes",
        "startingDeadlineSeconds",
        "supplementalGroups",
        "terminationGracePeriodSeconds",
        "tolerationSeconds",
    }
)
"""Numbers that are not 32 bits wide, which a client's models do not say."""


def field_shape(model: str, name: str, text: str) -> str:
    """The shape of one field of a model."""
    if name in QUANTITIES or (model in QUANTITY_MODELS and name == "value"):
        return "{}" if text.startswith("Dict") else ""
    found = shape(text)
    return found.replace("int32", "int64") if name in INT64 else found


def shape(text: str) -> str:
    """A model or a type of Go, ``[X]`` for a list of it, ``{X}`` for a map; empty for any value."""
    found = _OF.fullmatch(text)
    if found:
        return f"[{shape(found[2])}]" if found[1] == "List" else f"{{{shape(found[2])}}}"
    return text if hasattr(models, text) else _TYPES.get(text, "")


def written() -> str:
    """The whole file."""
    kinds = {r.name: model_of(r) for r in BUILTINS if r.plural not in LEFT_OUT}
    types: dict[str, dict[str, str]] = {}
    open_ = list(kinds.values())
    while open_:
        name = open_.pop()
        if name in types:
            continue
        model = getattr(models, name)
        given = model.attribute_map
        types[name] = {
            given[k]: field_shape(name, given[k], text)
            for k, text in sorted(model.openapi_types.items())
        }
        inner = {found.strip("[]{}") for found in types[name].values()}
        open_ += sorted(inner - {"", "int64", *_TYPES.values()})
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(types[name], separators=(',', ':'))}"
        for name in sorted(types)
    )
    shown = json.dumps(kinds, indent=1)
    source = json.dumps(f"kubernetes {__version__}")
    return f'{{"source": {source},\n"kinds": {shown},\n"types": {{\n{lines}\n}}}}\n'


if __name__ == "__main__":
    FILE.write_text(written())
