"""Tables: rows of cells, as kubectl asks for them."""

from __future__ import annotations

import re
from typing import Any

from alb_dr.sandbox.kube.columns import AGE, BUILTIN, Column
from alb_dr.sandbox.kube.instants import age
from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import Json


def columns_of(resource: Resource) -> tuple[Column, ...]:
    """The columns behind the name."""
    if resource.typed:
        return BUILTIN.get(resource.plural, (AGE,))
    if not resource.columns:
        return (AGE,)
    return tuple(_custom(column) for column in resource.columns)


def _custom(column: Json) -> Column:
    path, is_date = column["jsonPath"], column["type"] == "date"

    def cell(document: Json) -> Any:
        values = json_path(document, path)
        if not values:
            return "<unknown>" if is_date else None
        return age(values[0]) if is_date else ",".join(str(v) for v in values)

    return Column(column["name"], cell, column["type"], wide=bool(column.get("priority")))


_STEP = re.compile(r"\.([\w-]+)|\[\*\]|\[\?\(@\.([\w-]+)==\"([^\"]*)\"\)\]")


def json_path(document: Any, path: str) -> list[Any]:
    """The values of a printer column's JSON path: names, ``[*]`` and one kind of filter."""
    found = [document]
    for step in _STEP.finditer(path):
        name, key, wanted = step.groups()
        if name:
            found = [d[name] for d in found if isinstance(d, dict) and name in d]
        else:
            found = [item for d in found if isinstance(d, list) for item in d]
            if key:
                found = [i for i in found if isinstance(i, dict) and str(i.get(key)) == wanted]
    return found


def table(
    resource: Resource, documents: list[Json], *, metadata: Json, include: str, headers: bool = True
) -> Json:
    """A Table of the documents; ``include`` says what each row carries of its object."""
    columns = columns_of(resource)
    definitions: list[Json] = [_definition("Name", "string", "name", 0)]
    definitions += [_definition(c.name, c.type, "", int(c.wide)) for c in columns]
    rows = [
        {
            "cells": [document["metadata"]["name"], *(c.cell(document) for c in columns)],
            **({} if include == "None" else {"object": included(document, include)}),
        }
        for document in documents
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions if headers else [],
        "rows": rows,
    }


def _definition(name: str, type_: str, format_: str, priority: int) -> Json:
    return {
        "name": name,
        "type": type_,
        "format": format_,
        "description": "",
        "priority": priority,
    }


def included(document: Json, include: str) -> Json:
    """The object a row carries: all of it, or its metadata."""
    if include == "Object":
        return document
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": document["metadata"],
    }
