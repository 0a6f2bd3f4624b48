"""The fields of the built-in kinds, as they are written down."""

from __future__ import annotations

import json

from kubernetes import __version__

from alb_dr.sandbox.kube.resources import BUILTINS
from alb_dr.sandbox.kube.schema import FILE
from tests.sandbox.kube.schema import LEFT_OUT, field_shape, shape, written


def test_every_kind_that_is_served_has_its_fields() -> None:
    schema = json.loads(FILE.read_text())
    assert {r.name for r in BUILTINS if r.plural not in LEFT_OUT} == {
        name for name in schema["kinds"] if schema["types"][schema["kinds"][name]]["metadata"]
    }
    named = {
        inner.strip("[]{}") for fields in schema["types"].values() for inner in fields.values()
    }
    assert named <= {"", "string", "bool", "int32", "int64", *schema["types"]}


def test_the_file_is_what_its_client_says() -> None:
    schema = json.loads(FILE.read_text())
    if schema["source"] == f"kubernetes {__version__}":
        assert FILE.read_text() == written()


def test_a_shape_says_what_a_value_must_be() -> None:
    assert shape("List[V1Container]") == "[V1Container]"
    assert shape("Dict[str, V1Container]") == "{V1Container}"
    assert shape("Dict[str, List[str]]") == "{[string]}"
    assert (shape("object"), shape("datetime"), shape("int")) == ("", "", "int32")
    assert field_shape("V1ResourceRequirements", "limits", "Dict[str, str]") == "{}"
    assert field_shape("V2MetricTarget", "value", "str") == ""
    assert field_shape("V1EnvVar", "value", "str") == "string"
    assert field_shape("V1PodSpec", "terminationGracePeriodSeconds", "int") == "int64"
