"""Quoting: a value never leaves its place in the YAML, whatever it holds (safety F68)."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from alb_dr.errors import BadInput
from alb_dr.render.dialect import fill, quoted
from alb_dr.render.library import TemplateLibrary

HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "x\nspec:",
            "#% for a in b",
            "${ members }",
            "{{.name}}",
            "!!python/object:os.system",
            "&a [*a]",
            "no",
            "0123",
            "1e3",
            "null",
            "~",
            '"',
            "'",
            "\\",
            "---",
            "\u2028spec:",
            "\u0085x: y",
            "\ufeff",
            "a: b",
            "- a",
            "\t",
            "",
        ]
    ),
)


LONGEST_KEY = 1024
"""Characters a YAML key may have that stands on one line with its value (YAML 1.2, 7.4.2)."""


class _OneTemplate:
    """A library whose every template places one value three times."""

    def joinpath(self, *_: str) -> _OneTemplate:
        return self

    def read_text(self, encoding: str = "utf-8") -> str:
        return (
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${ value | q }\n"
            "data:\n  #% for v in [value]\n  ${ v | q }: ${ v | q }\n  #% endfor\nend: here\n"
        )


@given(HOSTILE)
def test_F68_a_quoted_value_is_read_back_as_itself(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is no text; YAML cannot hold it and the grammar refuses it
    assert yaml.safe_load(quoted(value)) == value
    assert yaml.safe_load(f"a: {quoted(value)}\nb: 1\n") == {"a": value, "b": 1}


@given(HOSTILE)
@example("k" * (LONGEST_KEY - 2))
@example("k" * (LONGEST_KEY - 1))
def test_F68_a_value_never_breaks_out_of_its_place(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    library = TemplateLibrary(root=_OneTemplate())  # type: ignore[arg-type]  # only what is used
    if len(quoted(value)) > LONGEST_KEY:
        with pytest.raises(BadInput, match="makes no YAML"):
            fill(library, "any", {"value": value})
        return
    document = fill(library, "any", {"value": value})
    assert document["metadata"] == {"name": value}
    assert document["data"] == {value: value}
    assert document["end"] == "here"
