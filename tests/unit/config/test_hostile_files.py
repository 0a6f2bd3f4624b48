"""Hostile project files: one clean sentence each, never a crash, never a secret."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from alb_dr.config.document import parse_document
from alb_dr.config.loader import Overrides, check, load
from alb_dr.errors import BadInput, ProjectFileErrors
from tests.builders import PROJECT

FILE = Path("alb-dr.yaml")
HTTPS = "https://github.com/AliyunContainerService/gitops-demo.git"
IDENTITY = "  workload: {name: web-demo}\n"


def refused(text: str) -> BadInput:
    """The error that a text earns."""
    with pytest.raises(BadInput) as caught:
        check(parse_document(FILE, text))
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5_000,
        "{a: " * 3_000,
        "- " * 3_000,
        "a: !!python/object:os.system x",
        "a: !!bool x",
        "a: !!int x",
        "a: !!timestamp x",
        "? [a]\n: b",
        "%YAML 9.0\n---\na: 1",
        "--- 1\n--- 2",
        "a\x00b: 1",
        "a: 2020-99-99",
        "a: *nobody",
        "a: &a [*a]",
    ],
    ids=lambda text: text[:12],
)
def test_F64_yaml_that_cannot_be_read_is_one_line(text: str) -> None:
    error = refused(text)
    assert error.message.startswith("alb-dr.yaml:")
    assert "\n" not in error.message


@pytest.mark.parametrize("key", ["str", "function-after", "'[key]'", "1", '"\\e[31m"', "a.b"])
def test_an_unknown_key_of_any_spelling_is_named(key: str) -> None:
    error = refused(f"{PROJECT}{key}: 1\n")
    assert error.message.startswith("alb-dr.yaml:22: ")
    assert "\x1b" not in error.message


def test_F64_a_billion_laughs_are_not_laughed(tmp_path: Path) -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "aliases" in refused("\n".join(["a0: &a0 lol", *levels])).message


def test_a_file_that_never_ends_is_given_up(tmp_path: Path) -> None:
    fifo = tmp_path / "endless"
    os.mkfifo(fifo)

    def pour() -> None:
        try:
            with fifo.open("wb", buffering=0) as pipe:
                for _ in range(100):
                    pipe.write(b"x" * 100_000)
        except BrokenPipeError:
            return

    writer = threading.Thread(target=pour)
    writer.start()
    try:
        with pytest.raises(BadInput, match="more than 1000000 bytes"):
            load(fifo, environ={}, overrides=Overrides())
    finally:
        writer.join(timeout=10)
    assert not writer.is_alive()


@pytest.mark.parametrize(
    "address",
    [
        "http://user:hunter2@github.com/x.git",
        "git+https://hunter2@github.com/x.git",
        "https://hunter2@github.com/x.git",
        "ssh://git:hunter2@github.com/x.git",
        "https://github.com/x.git?token=hunter2",
        "https://github.com/x.git#hunter2",
        "file:///etc/hunter2",
        "/etc/hunter2",
        "git@github.com:../../hunter2",
        "-oProxyCommand=hunter2@github.com:x",
        "ssh://-oProxyCommand=hunter2/x",
        "https://github.com/a/../hunter2",
        "https://git hub.com/hunter2",
        "https://[::1/hunter2",
        "{{.hunter2}}",
    ],
)
def test_F71_a_dangerous_repository_is_refused_in_words_without_it(address: str) -> None:
    error = refused(PROJECT.replace(HTTPS, f'"{address}"'))
    assert "application.repository: " in error.message
    assert "hunter2" not in error.message


@pytest.mark.parametrize(
    "address",
    [HTTPS, "git@github.com:org/x.git", "ssh://git@example.com:2222/x.git", "https://h.example/x"],
)
def test_F71_https_and_ssh_repositories_are_welcome(address: str) -> None:
    project = check(parse_document(FILE, PROJECT.replace(HTTPS, address)))
    assert project.application.repository == address


@pytest.mark.parametrize(
    ("key", "old"),
    [
        ("ingress.host", "alb.ingress.alibaba.com"),
        ("ingress.path", "/svc1"),
        ("gateway.loadBalancerName", "one-alb-demo"),
        ("members[0].name", "poc-ack-1, k"),
        ("application.path", "manifests/helm/web-demo"),
    ],
)
def test_F68_go_template_braces_are_refused_outside_parameters(key: str, old: str) -> None:
    new = '"x{{.name}}"' + (", k" if old.endswith(", k") else "")
    assert f"{key}: " in refused(PROJECT.replace(old, new, 1)).message


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{source: body, expression: x}", "takes no expression"),
        ("{source: header}", "expression is missing"),
        ('{source: header, expression: "x y"}', "is no header name"),
        ('{source: header, expression: "x\\r\\ny"}', "control characters"),
        ("{source: json, expression: a/b}", "a JSON pointer starts with /"),
        ("{source: json, expression: /a~2}", "a JSON pointer starts with /"),
        ('{source: regex, expression: "^("}', "not a regular expression"),
        ('{source: regex, expression: "a(b)"}', "starts with ^"),
        ('{source: regex, expression: "^ab"}', "exactly one group"),
        ('{source: regex, expression: "^(a){99999999999}"}', "not a regular expression"),
    ],
)
def test_an_identity_rule_must_make_sense(rule: str, reason: str) -> None:
    error = refused(PROJECT.replace(IDENTITY, f"{IDENTITY}  identity: {rule}\n"))
    assert "application.identity" in error.message
    assert reason in error.message


@pytest.mark.parametrize(
    "rule",
    [
        "{source: body}",
        "{source: header, expression: X-Cluster}",
        "{source: json, expression: /a~1b/0}",
        '{source: regex, expression: "^Hello from ([a-z0-9-]+)$"}',
    ],
)
def test_a_sound_identity_rule_is_accepted(rule: str) -> None:
    check(parse_document(FILE, PROJECT.replace(IDENTITY, f"{IDENTITY}  identity: {rule}\n")))


def test_a_home_folder_of_nobody_is_named() -> None:
    text = PROJECT.replace("kubeconfig: one.yaml", "kubeconfig: ~no-such-user-here/one.yaml")
    assert "members[0].kubeconfig: '~no-such-user-here/one.yaml' starts" in refused(text).message


def test_a_name_that_is_the_id_of_another_is_ambiguous() -> None:
    error = refused(PROJECT.replace("name: poc-ack-1", "name: c2"))
    assert "members[0].name: c2 is the id of another member" in error.message


def test_a_huge_value_does_not_flood_the_terminal() -> None:
    error = refused(PROJECT.replace("poc-ack-1: 20", "poc-ack-1: " + "9" * 4_000))
    assert isinstance(error, ProjectFileErrors)
    assert all(len(line) < 300 for line in error.complaints)
