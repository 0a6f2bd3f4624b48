"""Rendering: the tutorial exactly, the safe defaults otherwise, the same bytes always."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from alb_dr.errors import BadInput
from alb_dr.model.manifest import ALB_CONFIG, APPLICATION_SET, INGRESS
from alb_dr.render.library import TemplateLibrary, copy_templates, template_library
from alb_dr.render.manifests import as_in_the_tutorial, render
from alb_dr.render.text import as_yaml
from tests.builders import PROJECT, a_topology

GOLDEN = Path(__file__).parents[2] / "golden" / "tutorial" / "manifests.yaml"
ROOT = Path(__file__).parents[3]


def test_the_tutorial_profile_is_the_tutorial() -> None:
    manifests = render(as_in_the_tutorial(a_topology()), template_library())
    wanted = list(yaml.safe_load_all(GOLDEN.read_text()))
    assert [dict(m.document) for m in manifests] == wanted


def test_the_profile_in_the_project_file_does_the_same() -> None:
    manifests = render(a_topology(PROJECT + "profile: tutorial\n"), template_library())
    wanted = list(yaml.safe_load_all(GOLDEN.read_text()))
    assert [dict(m.document) for m in manifests] == wanted


def test_safe_defaults_keep_workloads_and_switch_health_checks_on() -> None:
    manifests = render(a_topology(), template_library())
    (application_set,) = manifests.of_kind(APPLICATION_SET)
    sync = application_set.document["spec"]["syncPolicy"]
    assert sync == {"applicationsSync": "create-update", "preserveResourcesOnDeletion": True}
    (ingress,) = manifests.of_kind(INGRESS)
    assert ingress.annotations["alb.ingress.kubernetes.io/healthcheck-enabled"] == "true"
    assert ingress.annotations["alb.ingress.kubernetes.io/healthcheck-path"] == "/svc1"


def test_the_same_topology_gives_the_same_bytes() -> None:
    once, twice = (as_yaml(render(a_topology(), template_library())) for _ in range(2))
    assert once == twice
    assert list(yaml.safe_load_all(once)) == [
        dict(m.document) for m in render(a_topology(), template_library())
    ]


def test_F69_helm_parameters_stay_strings() -> None:
    text = PROJECT.replace("parameters: {", 'parameters: {flag: "true", code: "0123", ')
    (application_set,) = render(a_topology(text), template_library()).of_kind(APPLICATION_SET)
    helm = application_set.document["spec"]["template"]["spec"]["source"]["helm"]
    values = {p["name"]: p for p in helm["parameters"]}
    assert values["code"] == {"name": "code", "value": "0123", "forceString": True}
    assert values["flag"]["value"] == "true"


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.j2")), ids=lambda p: p.name)
def test_a_template_is_yaml_before_it_is_filled_in(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_copied_templates_can_be_edited(tmp_path: Path) -> None:
    copy_templates(template_library(), tmp_path / "mine")
    albconfig = tmp_path / "mine" / "gateway" / "albconfig.yaml.j2"
    albconfig.write_text(albconfig.read_text() + "  tags: [{key: team, value: edge}]\n")
    (rendered,) = render(a_topology(), template_library(tmp_path / "mine")).of_kind(ALB_CONFIG)
    assert rendered.document["spec"]["tags"] == [{"key": "team", "value": "edge"}]


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("gateway/ingressclass.yaml.j2", "alibabacloud/alb", "alibabacloud.com/alb", "controller"),
        ("ingress/ingress.yaml.j2", "annotations:", "others:", "weights other clusters"),
        (
            "gateway/albconfig.yaml.j2",
            "listener.port | q",
            "80 | q",
            "no listener",
        ),
        ("gateway/albconfig.yaml.j2", "${ gateway.name | q }", "${ nobody | q }", "nobody"),
        ("gateway/albconfig.yaml.j2", "kind: AlbConfig", "kind: [", "makes no YAML"),
        ("gateway/albconfig.yaml.j2", "#% endif", "#% enf", "albconfig.yaml.j2:"),
    ],
)
def test_an_edited_template_that_does_not_fit_is_named(
    tmp_path: Path, name: str, old: str, new: str, reason: str
) -> None:
    copy_templates(template_library(), tmp_path / "mine")
    path = tmp_path / "mine" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(BadInput) as caught:
        render(a_topology(), TemplateLibrary(root=tmp_path / "mine"))
    assert reason in caught.value.message
