"""The composition root: ports meet adapters here, each imported on first use."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from alb_dr.clock import RealClock
from alb_dr.errors import BadInput

if TYPE_CHECKING:
    import typer

    from alb_dr.fleet.objects import KubeCluster
    from alb_dr.journal.pins import Pins
    from alb_dr.journal.rundir import RunDir
    from alb_dr.model.settings import Config
    from alb_dr.model.topology import Topology
    from alb_dr.ports import ApiIdentity, Clock, FaultBox, KubeApi, Narrator, Prober

FORMATS = ("table", "json")
"""What ``-o`` may say on every command."""
MORE_FORMATS = {"check": ("short", "junit")}
"""What it may say besides, on these."""


@dataclass
class Context:
    """Everything a command needs, made when it is first asked for.

    A test replaces the whole world by constructing another Context.
    """

    output: str = "table"
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    config_path: Path | None = None
    kubeconfig: Path | None = None
    kube_context: str | None = None
    run_dir: Path | None = None
    accept_cluster: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def wants_json(self) -> bool:
        """Whether stdout must carry exactly one JSON envelope."""
        return self.output == "json"

    def formats(self, *allowed: str) -> str:
        """The output format, if this command has it; BadInput otherwise."""
        if self.output not in allowed:
            raise BadInput(
                f"this command has no output format {self.output!r}",
                hint=f"use one of: {', '.join(allowed)}",
            )
        return self.output

    @cached_property
    def config(self) -> Config:
        """The project file, merged with environment and flags."""
        from alb_dr.config.loader import Overrides, load

        overrides = Overrides(kubeconfig=self.kubeconfig, context=self.kube_context)
        return load(self.config_path, environ=self.environ, overrides=overrides)

    @property
    def topology(self) -> Topology:
        """What the world should be."""
        return self.config.topology

    def distributed(self, via: str = "") -> Topology:
        """The topology with the method of ``--via``, or the file's. Contacts nobody."""
        from alb_dr.model.application import DistributionMethod
        from alb_dr.workflows.delivery.policy import with_method

        if not via:
            return self.topology
        if via not in set(DistributionMethod):
            raise BadInput(f"--via is gitops or policy, not {via!r}")
        return with_method(self.topology, DistributionMethod(via))

    def settled(self, via: str = "") -> Topology:
        """The topology as it is distributed: by ``via`` if said, in the dialect the Fleet serves.

        Contacts the Fleet only for distribution by policy. BadInput for an unknown method.
        """
        from alb_dr.workflows.delivery.policy import by_policy, with_dialect

        topology = self.distributed(via)
        return with_dialect(topology, self.fleet) if by_policy(topology) else topology

    @cached_property
    def state_dir(self) -> Path:
        """Where runs and journals live, also for commands without a project file."""
        from alb_dr.config.loader import state_dir

        return state_dir(self.environ)

    def new_run(self, verb: str, operation: str) -> RunDir:
        """The folder of an operation's run, where --run-dir says or below the state."""
        from alb_dr.journal.rundir import create_run

        now, given = self.clock.now(), self.run_dir
        return create_run(self.state_dir, verb, now=now, given=given, operation=operation)

    @cached_property
    def fleet(self) -> KubeApi:
        """The Fleet's API."""
        from alb_dr.fleet.connect import connect

        return self._told(
            connect(
                self.topology.fleet,
                label="Fleet",
                settings=self.config.settings,
                clock=self.clock,
                confirm=self._confirmation("Fleet"),
            )
        )

    @cached_property
    def members(self) -> Mapping[str, KubeApi]:
        """Member id to that member's API. Connecting contacts nobody yet."""
        return {member.id: self.member(member.id) for member in self.topology.members}

    def member(self, id_: str) -> KubeApi:
        """One member's API, whether or not the others' kubeconfigs can be used."""
        from alb_dr.fleet.connect import connect

        member = self.topology.member(id_)
        return self._told(
            connect(
                member.access,
                label=member.name,
                settings=self.config.settings,
                clock=self.clock,
                confirm=self._confirmation(member.name),
            )
        )

    def _told(self, api: KubeCluster) -> KubeCluster:
        """Say which proxy leads there: one that nobody thought of explains many a failure."""
        if api.proxy is not None:
            self.narrator.note(f"{api.label} is reached through the proxy {api.proxy}")
        return api

    def _confirmation(self, label: str) -> Callable[[ApiIdentity], None]:
        """What looks, before the first write to an API, whether it is the cluster it was."""

        def confirm(seen: ApiIdentity) -> None:
            self.pins.confirm(label, seen, accept=self.accept_cluster)

        return confirm

    @cached_property
    def pins(self) -> Pins:
        """Which clusters the project file's kubeconfigs name."""
        from alb_dr.journal.pins import Pins

        return Pins(self.config.settings.state_dir, self.config.path)

    @cached_property
    def box(self) -> FaultBox | None:
        """The faults of the sandbox, where the project file is one's."""
        from alb_dr.sandbox.fault_box import fault_box

        return fault_box(self.config.path)

    @cached_property
    def prober(self) -> Prober:
        """The request sender."""
        from alb_dr.probe.stream import HttpProber

        return HttpProber()

    @cached_property
    def clock(self) -> Clock:
        """This machine's clocks."""
        return RealClock()

    @cached_property
    def narrator(self) -> Narrator:
        """The voice on stderr."""
        from alb_dr.cli.narrator import narrator_for

        return narrator_for(quiet=self.quiet, environ=self.environ)

    @cached_property
    def remarks(self) -> Narrator:
        """The same voice for checks that are made twice: nothing is said a second time."""
        from alb_dr.cli.narrator import SaidOnce

        return SaidOnce(self.narrator)


def context_of(ctx: typer.Context) -> Context:
    """The Context that the root callback put there."""
    found = ctx.find_root().obj
    if not isinstance(found, Context):
        raise TypeError("the root callback did not run")
    return found
