"""Writes the fields of the built-in kinds: ``python -m tests.sandbox.kube.schema``.

They are read from the models of the ``kubernetes`` client, which are made from Kubernetes' own
OpenAPI document.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from kubernetes import __version__
from kubernetes.client import models

import alb_dr.sandbox.kube
from alb_dr.sandbox.kube.resources import BUILTINS, Resource

FILE = Path(alb_dr.sandbox.kube.__file__).with_name("schema.json")
LEFT_OUT = frozenset({"customresourcedefinitions"})
"""Schemas of schemas are looked after by nobody here."""
_OF = re.compile(r"(List|Dict)\[(?:str, )?(.*)\]")


def model_of(resource: Resource) -> str:
    """The name of the model of a served kind."""
    version = resource.version.capitalize()
    names = (f"{version}{resource.kind}", f"Core{version}{resource.kind}")
    return next(name for name in names if hasattr(models, name))


def shape(text: str) -> str:
    """``X``, ``[X]`` or ``{X}`` for an object, a list or a map of model X; empty for all else."""
    found = _OF.fullmatch(text)
    if found is None:
        return text if hasattr(models, text) else ""
    inner = shape(found[2])
    if not inner:
        return ""
    return f"[{inner}]" if found[1] == "List" else f"{{{inner}}}"


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
        types[name] = {given[k]: shape(text) for k, text in sorted(model.openapi_types.items())}
        open_ += [inner.strip("[]{}") for inner in types[name].values() if inner]
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(types[name], separators=(',', ':'))}"
        for name in sorted(types)
    )
    shown = json.dumps(kinds, indent=1)
    source = json.dumps(f"kubernetes {__version__}")
    return f'{{"source": {source},\n"kinds": {shown},\n"types": {{\n{lines}\n}}}}\n'


if __name__ == "__main__":
    FILE.write_text(written())
