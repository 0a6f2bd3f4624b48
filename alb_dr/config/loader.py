"""Find, read and merge: flags beat the environment, which beats the file, which beats defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alb_dr.config.complaints import complaint, complaints_of, cross_checks
from alb_dr.config.convert import topology_of
from alb_dr.config.document import ProjectDocument, read_document
from alb_dr.config.schema import ProjectPart
from alb_dr.errors import BadInput, ProjectFileErrors
from alb_dr.model.member import KubeAccess
from alb_dr.model.settings import Config, Settings

DEFAULT_NAMES = ("alb-dr.yaml", "alb-dr.yml")
"""What a project file is called when nobody says otherwise."""
TIMEOUTS = {
    "ALB_DR_CALL_TIMEOUT": "call_timeout_s",
    "ALB_DR_GATEWAY_TIMEOUT": "gateway_timeout_s",
    "ALB_DR_DISTRIBUTE_TIMEOUT": "distribute_timeout_s",
    "ALB_DR_DATAPLANE_TIMEOUT": "dataplane_timeout_s",
}
"""Environment variables in seconds, and the setting each of them overrides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What flags say about the Fleet."""

    kubeconfig: Path | None = None
    context: str | None = None


def load(path: Path | None, *, environ: Mapping[str, str], overrides: Overrides) -> Config:
    """The Config of the project file; ProjectFileErrors with every complaint of one pass."""
    found, origin = find(path, environ)
    project = check(read_document(found))
    topology = topology_of(project, folder=found.parent)
    fleet, origins = _fleet(topology.fleet, environ, overrides)
    settings, more = _settings(environ)
    return Config(
        topology=replace(topology, fleet=fleet),
        settings=settings,
        path=found,
        origins={"project file": origin, **origins, **more},
    )


def find(path: Path | None, environ: Mapping[str, str]) -> tuple[Path, str]:
    """The project file and who named it."""
    if path is not None:
        return path, "flag --config"
    if environ.get("ALB_DR_CONFIG"):
        return Path(environ["ALB_DR_CONFIG"]), "environment ALB_DR_CONFIG"
    for name in DEFAULT_NAMES:
        if Path(name).exists():
            return Path(name), "current folder"
    raise BadInput(
        f"no project file: {DEFAULT_NAMES[0]} is not in the current folder",
        hint="make one with `alb-dr init`, or name one with --config or ALB_DR_CONFIG",
    )


def check(document: ProjectDocument) -> ProjectPart:
    """The checked project, or ProjectFileErrors with everything that is wrong."""
    found = [
        complaint(document, key, "stands here twice; keep one") for key, _ in document.duplicates
    ]
    project = None
    try:
        project = ProjectPart.model_validate({} if document.content is None else document.content)
    except ValidationError as error:
        found += complaints_of(document, error)
    found += cross_checks(document)
    if found or project is None:
        raise ProjectFileErrors(found, hint="alb-dr schema prints the format")
    return project


def _fleet(
    access: KubeAccess, environ: Mapping[str, str], overrides: Overrides
) -> tuple[KubeAccess, dict[str, str]]:
    """The Fleet's access, and for each of its two values who gave it."""
    origins = {
        "fleet.kubeconfig": "file" if access.kubeconfig else "default",
        "fleet.context": "file" if access.context else "default",
    }
    kubeconfig, context = environ.get("ALB_DR_KUBECONFIG"), environ.get("ALB_DR_CONTEXT")
    if kubeconfig:
        access = replace(access, kubeconfig=Path(kubeconfig))
        origins["fleet.kubeconfig"] = "environment ALB_DR_KUBECONFIG"
    if context:
        access = replace(access, context=context)
        origins["fleet.context"] = "environment ALB_DR_CONTEXT"
    if overrides.kubeconfig:
        access = replace(access, kubeconfig=overrides.kubeconfig)
        origins["fleet.kubeconfig"] = "flag --kubeconfig"
    if overrides.context:
        access = replace(access, context=overrides.context)
        origins["fleet.context"] = "flag --context"
    return access, origins


def _settings(environ: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    settings = Settings(state_dir=state_dir(environ))
    origins = dict.fromkeys(TIMEOUTS.values(), "default")
    for variable, name in TIMEOUTS.items():
        if variable in environ:
            seconds: Any = _seconds(variable, environ[variable])
            settings = replace(settings, **{name: seconds})
            origins[name] = f"environment {variable}"
    by = next((v for v in ("ALB_DR_STATE_DIR", "XDG_STATE_HOME") if environ.get(v)), None)
    origins["state_dir"] = f"environment {by}" if by else "default"
    return settings, origins


def _seconds(variable: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86_400:
        raise BadInput(f"{variable}={text!r} is no number of seconds", hint="say for example 30")
    return seconds


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where runs, journals and the sandbox live: ALB_DR_STATE_DIR, or the XDG state folder."""
    if environ.get("ALB_DR_STATE_DIR"):
        return Path(environ["ALB_DR_STATE_DIR"])
    root = environ.get("XDG_STATE_HOME")
    return (Path(root) if root else Path.home() / ".local" / "state") / "alb-dr"
