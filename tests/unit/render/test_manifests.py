"""Rendering: the tutorial exactly, the safe defaults otherwise, the same bytes always."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import yaml

from alb_dr.errors import BadInput
from alb_dr.model.manifest import ALB_CONFIG, APPLICATION_SET, INGRESS, ManifestSet
from alb_dr.model.topology import Topology
from alb_dr.render.library import TemplateLibrary, copy_templates, template_library
from alb_dr.render.manifests import (
    as_in_the_tutorial,
    render,
    render_distribution,
    render_gateway,
    render_guard,
    render_ingress,
)
from alb_dr.render.text import as_yaml
from tests.builders import PROJECT, a_topology

GOLDEN = Path(__file__).parents[2] / "golden" / "tutorial" / "manifests.yaml"
ROOT = Path(__file__).parents[3]
Render = Callable[[Topology, TemplateLibrary], ManifestSet]


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


IMAGE = f"example.com/alb-dr@sha256:{'0' * 64}"
PARTS = {
    "distribute": render_distribution,
    "gateway": render_gateway,
    "ingress": render_ingress,
    "guard": partial(render_guard, image=IMAGE),
}
MUTATIONS = (
    lambda line: "",
    lambda line: line.partition(":")[0] + ": null\n",
    lambda line: line.partition(":")[0] + ": 7\n",
    lambda line: line.partition(":")[0] + ": [a]\n",
    lambda line: "    " + line.strip() + "\n",
    lambda line: line + "#% for x in 3\n",
    lambda line: line + "---\n",
)


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.j2")), ids=lambda p: p.name)
@pytest.mark.parametrize("mutation", range(len(MUTATIONS)))
def test_any_mangled_line_renders_or_is_refused_in_one_sentence(path: Path, mutation: int) -> None:
    name = str(path.relative_to(ROOT / "templates"))
    part = PARTS[path.parent.name]
    lines = path.read_text().splitlines(keepends=True)
    topology = a_topology()
    for n, line in enumerate(lines):
        mangled = "".join([*lines[:n], MUTATIONS[mutation](line), *lines[n + 1 :]])
        library = Mangled(root=ROOT / "templates", name=name, text=mangled)
        try:
            part(topology, library)
        except BadInput as error:
            assert "\n" not in error.message  # noqa: PT017  most manglings are refused, not all


@dataclass(frozen=True, slots=True, kw_only=True)
class Mangled(TemplateLibrary):
    """The templates with one of them replaced."""

    name: str
    text: str

    def read(self, name: str) -> str:
        return self.text if name == self.name else (self.root / name).read_text()


@pytest.mark.parametrize("part", [render_distribution, render_gateway, render_ingress])
def test_a_part_is_what_the_whole_has_of_it(part: Render) -> None:
    whole = list(render(a_topology(), template_library()))
    assert all(manifest in whole for manifest in part(a_topology(), template_library()))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("${ ingress.host | q }", "${ ingress.host }", ":16: a value is placed without the filter"),
        ("${ ingress.host | q }", '"${ ingress.host }"', ":16: a value is placed without"),
        ("${ ingress.host | q }", "${ ingress.host | q | lower }", ":16: a value is placed"),
        ("${ ingress.host | q }", "${ ingress.hots | q }", ":16: 'dict object' has no attribute"),
        ("${ ingress.host | q }", "${ (1 / 0) | q }", ":16: division by zero"),
        ("${ ingress.host | q }", "${ ingress.host.__class__.mro() | q }", ":16: "),
        ("spec:\n", '#% include "x"\nspec:\n', ":13: a template cannot use another one"),
        ("kind: Ingress\n", "kind: Secret\n", " makes networking.k8s.io/v1 Secret, not "),
        ("  name: ${ ingress.name | q }\n", "", " makes an object without a name"),
        ("${ annotation.value | q }", "7", "annotations of Ingress gateway-demo/web-demo are not"),
    ],
)
def test_an_edited_template_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    copy_templates(template_library(), tmp_path / "mine")
    path = tmp_path / "mine" / "ingress" / "ingress.yaml.j2"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(BadInput) as caught:
        render_ingress(a_topology(), TemplateLibrary(root=tmp_path / "mine"))
    assert said in caught.value.message


def test_a_folder_without_the_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"applicationset\.yaml\.j2 is not in"):
        render_distribution(a_topology(), template_library(tmp_path))
    with pytest.raises(BadInput, match="is no folder of templates"):
        template_library(tmp_path / "none")


def test_the_environment_names_a_folder_of_templates(tmp_path: Path) -> None:
    copy_templates(template_library(), tmp_path / "mine")
    library = template_library(environ={"ALB_DR_TEMPLATES": str(tmp_path / "mine")})
    assert library.root == tmp_path / "mine"


def test_F70_only_known_annotations_are_written() -> None:
    known = re.compile(
        r"alb\.ingress\.kubernetes\.io/(listen-ports|cluster-weight\.c[12]|remote-clusters"
        r"|healthcheck-[a-z-]+|(un)?healthy-threshold-count)"
    )
    for manifest in render(a_topology(), template_library()):
        assert all(known.fullmatch(key) for key in manifest.annotations)
