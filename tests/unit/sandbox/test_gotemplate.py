"""The Go templates of an ApplicationSet: dotted paths, at any depth, or an error."""

from __future__ import annotations

import pytest

from alb_dr.sandbox.controllers.gotemplate import TemplateError, fill

PARAMETERS = {"name": "c1-poc", "metadata": {"annotations": {"cluster_id": "c1"}}}


def test_places_are_filled_at_any_depth() -> None:
    template = {"a": ["{{.name}}", {"b": "x-{{ .metadata.annotations.cluster_id }}-y"}], "n": 3}
    assert fill(template, PARAMETERS) == {"a": ["c1-poc", {"b": "x-c1-y"}], "n": 3}


def test_text_without_places_stays() -> None:
    assert fill("{ .name }", PARAMETERS) == "{ .name }"


@pytest.mark.parametrize("place", ["{{.nothing}}", "{{.metadata.labels.x}}", "{{.name.more}}"])
def test_a_place_that_names_nothing_is_an_error(place: str) -> None:
    with pytest.raises(TemplateError, match="map has no entry for key"):
        fill(place, PARAMETERS)
