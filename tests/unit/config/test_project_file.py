"""The project file: every complaint of one pass, with file, line, key and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from alb_dr.config.loader import Overrides, load
from alb_dr.config.starter import Answers, MemberAnswer, starter
from alb_dr.errors import BadInput, ProjectFileErrors
from tests.builders import PROJECT


def complaints(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a project file of this text, without the file's name."""
    path = tmp_path / "alb-dr.yaml"
    path.write_text(text)
    with pytest.raises(ProjectFileErrors) as caught:
        load(path, environ={}, overrides=Overrides())
    return [line.removeprefix(f"{path}:") for line in caught.value.complaints]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (
            "poc-ack-2: 80",
            "poc-ack-2: 70",
            "7: weights: the weights sum to 90, not 100",
        ),
        ("poc-ack-2: 80", "poc-ack-9: 80", "7: weights.poc-ack-9: is no member; did you mean"),
        ("poc-ack-2: 80}", "c2: 80, poc-ack-2: 0}", "given two weights"),
        ("poc-ack-2: 80", 'poc-ack-2: "80"', "7: weights.poc-ack-2: must be a valid integer"),
        ("poc-ack-2: 80", "poc-ack-2: 80.0", "must be a valid integer"),
        ("region:", "regoin:", "2: regoin: unknown key; did you mean region?"),
        ("id: c2", "id: c1", "6: members[1].id: c1 is named twice"),
        ("name: poc-ack-2", "name: poc-ack-1", "members[1].name: poc-ack-1 is named twice"),
        (
            "{vSwitchId: vsw-2}",
            "{vSwitchId: vsw-1}",
            "[1].vSwitchId: vsw-1 is named twice",
        ),
        (
            ", {vSwitchId: vsw-2}",
            "",
            "10: gateway.zoneMappings: an ALB needs vSwitches",
        ),
        (
            "{HTTP: 8001}",
            "{HTTP: 8002}",
            "ingress.listenPort: HTTP 8002 is no listener",
        ),
        ("port: 8001", "port: 80010", "gateway.listeners[0].port"),
        ("path: /svc1", "path: svc1", "'svc1' is no URL path"),
        ("host: alb", "host: ALB_", "is no DNS name"),
        ("vSwitchId: vsw-1", "vSwitchId: abc", "'abc' is no vSwitch id"),
        ("  service: {name: service1, port: 80}\n", "", "ingress.service: is missing"),
        ("https://github.com/", "https://user:secret@github.com/", "must not hold credentials"),
        ("https://github.com/", "file:///", "is no https or ssh address"),
        ("manifests/helm", "../helm", "leaves the repository"),
        ("region: cn-hongkong", "region: cn-hongkong\nregion: cn-beijing", "stands here twice"),
        ("host: alb.ingress.alibaba.com", 'host: "{{.x}}"', "is no DNS name"),
        ("members:\n", "members: 3\nothers:\n", "members: must be a valid list"),
    ],
)
def test_a_complaint_says_where_and_why(tmp_path: Path, old: str, new: str, wanted: str) -> None:
    assert old in PROJECT
    found = complaints(tmp_path, PROJECT.replace(old, new, 1))
    assert any(wanted in line for line in found), found


def test_everything_is_said_in_one_run(tmp_path: Path) -> None:
    text = PROJECT.replace("poc-ack-2: 80", "poc-ack-2: 70").replace("{HTTP: 8001}", "{HTTP: 1}")
    found = complaints(tmp_path, text.replace("region:", "regoin:"))
    assert len(found) == 4, found


def test_a_secret_in_a_repository_address_is_not_repeated(tmp_path: Path) -> None:
    text = PROJECT.replace("https://github.com/", "https://user:hunter2@github.com/")
    assert "hunter2" not in "".join(complaints(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a: [", "not YAML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a: &x [1]\nb: *x\n", "aliases"),
        (b"x" * 1_000_001, "is no project file"),
    ],
)
def test_what_is_no_project_file_is_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "alb-dr.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=reason) as caught:
        load(path, environ={}, overrides=Overrides())
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("content", ["", "[]", "3", "a: b"])
def test_an_empty_or_wrong_document_lists_what_is_missing(tmp_path: Path, content: str) -> None:
    assert complaints(tmp_path, content)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(BadInput, match=str(path)):
            load(path, environ={}, overrides=Overrides())


def test_flags_beat_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    path = tmp_path / "alb-dr.yaml"
    path.write_text(PROJECT)
    environ = {"ALB_DR_KUBECONFIG": "env.yaml", "ALB_DR_CALL_TIMEOUT": "3"}
    by_file = load(path, environ={}, overrides=Overrides())
    by_environment = load(path, environ=environ, overrides=Overrides())
    by_flag = load(path, environ=environ, overrides=Overrides(kubeconfig=Path("flag.yaml")))
    assert by_file.topology.fleet.kubeconfig == tmp_path / "fleet.yaml"
    assert by_environment.topology.fleet.kubeconfig == Path("env.yaml")
    assert by_environment.settings.call_timeout_s == 3
    assert by_flag.topology.fleet.kubeconfig == Path("flag.yaml")
    assert by_flag.origins["fleet.kubeconfig"] == "flag --kubeconfig"


def test_a_nonsense_timeout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "alb-dr.yaml"
    path.write_text(PROJECT)
    with pytest.raises(BadInput, match="ALB_DR_CALL_TIMEOUT='soon'"):
        load(path, environ={"ALB_DR_CALL_TIMEOUT": "soon"}, overrides=Overrides())


def test_what_init_writes_has_no_complaint(tmp_path: Path) -> None:
    path = tmp_path / "alb-dr.yaml"
    answers = Answers(
        region="cn-hongkong",
        fleet_kubeconfig="fleet: #1.yaml",
        members=(
            MemberAnswer(id="c1", name="a", zone="cn-hongkong-b", kubeconfig="a b.yaml"),
            MemberAnswer(id="c2", name="no", zone="", kubeconfig="0123"),
        ),
        vswitches=(("vsw-1", "cn-hongkong-b"), ("vsw-2", "")),
        weights=(20, 80),
        host="alb.ingress.alibaba.com",
        path="/svc1",
        port=8001,
    )
    path.write_text(starter(answers))
    config = load(path, environ={}, overrides=Overrides())
    assert config.topology.names(config.topology.weights) == {"a": 20, "no": 80}
    assert config.topology.fleet.kubeconfig == tmp_path / "fleet: #1.yaml"
