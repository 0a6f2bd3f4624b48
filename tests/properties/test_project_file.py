"""The project file under hostile values: a complaint with a line, or the value in its place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alb_dr.config.convert import topology_of
from alb_dr.config.document import parse_document
from alb_dr.config.loader import check
from alb_dr.errors import BadInput, ProjectFileErrors
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render
from alb_dr.render.text import as_yaml
from tests.builders import PROJECT

FILE = Path("alb-dr.yaml")
BASE = yaml.safe_load(PROJECT)
LIBRARY = template_library()
HOSTILE = st.one_of(
    st.text(max_size=40),
    st.text("{}$#%.:-/~!&*'\"\\ \n\t\x00\x1b\u2028\u202eab1", max_size=20),
    st.sampled_from(["x\nspec:", "#% for a in b", "${ x }", "{{.x}}", "!!python/name:os", "no"]),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), HOSTILE),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=8), st.integers()), inner, max_size=3),
    ),
    max_leaves=6,
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(node, dict | list):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, inner in items:
            yield from _places(inner, (*path, key))


PLACES = [place for place in _places(BASE) if place]
STRINGS = [p for p in PLACES if p[-1] not in {"port", "HTTP", "schema", "poc-ack-1", "poc-ack-2"}]


def _with(place: tuple[Any, ...], value: Any) -> Any:
    content = copy.deepcopy(BASE)
    inner = content
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    return content


def _text(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=False)


@given(st.sampled_from(PLACES), ANYTHING)
def test_any_value_anywhere_is_accepted_or_complained_about(
    place: tuple[Any, ...], value: Any
) -> None:
    try:
        check(parse_document(FILE, _text(_with(place, value))))
    except ProjectFileErrors as error:
        for line in error.complaints:
            assert line.startswith("alb-dr.yaml:")
            assert line.replace("\u00a0", " ").isprintable()
            assert len(line) < 800


@given(st.sampled_from(STRINGS), HOSTILE)
def test_F68_an_accepted_value_changes_no_other_place(place: tuple[Any, ...], value: str) -> None:
    """The rendered documents have the same shape whatever a single value of the file says."""
    try:
        project = check(parse_document(FILE, _text(_with(place, value))))
    except BadInput:
        return
    manifests = render(topology_of(project, folder=Path()), LIBRARY)
    documents = list(yaml.safe_load_all(as_yaml(manifests)))
    assert documents == [dict(m.document) for m in manifests]
    assert [_shape(d) for d in documents] == [_shape(d) for d in _plain_documents()]


@given(st.text(max_size=200))
def test_F64_any_text_is_a_project_or_a_clean_refusal(text: str) -> None:
    # A text of at most 200 characters cannot hold what a project needs.
    with pytest.raises(BadInput, match=r"^alb-dr\.yaml:"):
        check(parse_document(FILE, text))


def _plain_documents() -> list[Any]:
    project = check(parse_document(FILE, PROJECT))
    return [dict(m.document) for m in render(topology_of(project, folder=Path()), LIBRARY)]


def _shape(node: Any) -> Any:
    """The document without its values; keys that carry a cluster id count as one."""
    if isinstance(node, dict):
        return sorted(
            (key.split("cluster-weight.")[0], _shape(inner)) for key, inner in node.items()
        )
    if isinstance(node, list):
        return [_shape(inner) for inner in node]
    return type(node).__name__
