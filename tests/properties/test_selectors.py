"""Label selectors of the embedded API, beside their definition said another way."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alb_dr.sandbox.kube.selectors import field_selector, label_selector
from alb_dr.sandbox.kube.status import ApiError

KEYS = st.sampled_from(["a", "b", "app.kubernetes.io/name", "in", "notin"])
VALUES = st.sampled_from(["", "x", "y", "x-1", "5", "12", "-3"])
LABELS = st.dictionaries(KEYS, VALUES, max_size=4)
SPACES = st.sampled_from(["", " ", "  "])


@dataclass(frozen=True)
class Term:
    """One requirement: how it is written, and what it means by the documentation."""

    key: str
    op: str
    values: tuple[str, ...]
    space: str

    def __str__(self) -> str:
        s, values = self.space, ",".join(self.values)
        if self.op in {"in", "notin"}:
            return f"{s}{self.key} {self.op}{s}({values}){s}"
        if self.op == "exists":
            return f"{s}{self.key}{s}"
        if self.op == "absent":
            return f"{s}!{s}{self.key}{s}"
        return f"{s}{self.key}{s}{self.op}{s}{values}{s}"

    def holds(self, labels: dict[str, str]) -> bool:
        present = self.key in labels
        among = present and labels[self.key] in self.values
        if self.op in {"<", ">"}:
            return self._compares(labels)
        return {
            "=": among,
            "==": among,
            "in": among,
            "!=": not among,
            "notin": not among,
            "exists": present,
            "absent": not present,
        }[self.op]

    def _compares(self, labels: dict[str, str]) -> bool:
        try:
            number, limit = int(labels[self.key]), int(self.values[0])
        except (KeyError, ValueError):
            return False
        return number > limit if self.op == ">" else number < limit


SINGLE = st.builds(
    Term, KEYS, st.sampled_from(["=", "==", "!="]), st.tuples(VALUES.filter(lambda v: v != "-3")),
    SPACES,
)  # fmt: skip
MANY = st.builds(
    Term, KEYS, st.sampled_from(["in", "notin"]),
    st.lists(VALUES, min_size=1, max_size=3).map(tuple), SPACES,
)  # fmt: skip
NUMBERS = st.builds(
    Term, KEYS, st.sampled_from(["<", ">"]), st.tuples(st.sampled_from(["5", "0", "12"])), SPACES
)
NONE = st.builds(Term, KEYS, st.sampled_from(["exists", "absent"]), st.just(()), SPACES)
TERMS = st.lists(SINGLE | MANY | NUMBERS | NONE, max_size=4)


@given(TERMS, LABELS)
@example([], {"a": "x"})
@example([Term("a", "!=", ("x",), "")], {})
@example([Term("a", "=", ("",), "")], {})
@example([Term("in", "in", ("x", ""), " ")], {"in": ""})
def test_a_selector_means_what_its_terms_mean(terms: list[Term], labels: dict[str, str]) -> None:
    text = ",".join(map(str, terms))
    assert label_selector(text)(labels) == all(term.holds(labels) for term in terms), text


@given(TERMS, LABELS, st.data())
def test_the_order_of_terms_does_not_matter(
    terms: list[Term], labels: dict[str, str], data: st.DataObject
) -> None:
    turned = data.draw(st.permutations(terms))
    straight, other = (",".join(map(str, each)) for each in (terms, turned))
    assert label_selector(straight)(labels) == label_selector(other)(labels)


@pytest.mark.parametrize(
    "text",
    [
        "a=b,",
        ",a=b",
        "a,,b",
        "a=b=c",
        "a in x",
        "a in (x",
        "a=b/c",
        "=x",
        "!",
        "a > x",
        "a b",
        "ä=x",
    ],
)
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        label_selector(text)
    assert caught.value.code == 400


@given(st.text(max_size=12))
def test_no_text_does_anything_but_select_or_be_refused(text: str) -> None:
    with suppress(ApiError):
        assert label_selector(text)({}) in {True, False}


NAMES = st.sampled_from(["web", "web-2", ""])


@given(NAMES, NAMES, st.sampled_from(["=", "==", "!="]), st.sampled_from(["name", "namespace"]))
def test_fields_select_by_their_value(wanted: str, found: str, op: str, field: str) -> None:
    document = {"metadata": {field: found}} if found else {"metadata": {}}
    chosen = field_selector(f"metadata.{field}{op}{wanted}")(document)
    assert chosen == ((wanted == found) == (op != "!="))
