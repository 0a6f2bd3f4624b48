"""The printed rights suffice for the whole job, and it does not work with less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from alb_dr.sandbox.lifecycle import bind
from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def restricted(world: Shell) -> Iterator[tuple[Shell, dict[str, Any]]]:
    """A sandbox whose users may do what --print-permissions prints and nothing else."""
    data = world.data("check", "--print-permissions")
    roles = {"fleet": data["fleet"], "member": data["member"]}
    bind(world.folder, roles)
    yield world, roles
    bind(world.folder, None)


def test_the_whole_job_works_with_the_printed_rights(
    restricted: tuple[Shell, dict[str, Any]],
) -> None:
    shell, _ = restricted
    shell.ok("check", "--pre")
    shell.ok("distribute", "apply")
    shell.ok("gateway", "create")
    shell.ok("ingress", "apply")
    data = shell.data("check", "--wait")
    assert data["counts"]["broken"] == data["counts"]["unknown"] == 0
    for command in (("distribute", "status"), ("gateway", "status"), ("ingress", "status")):
        shell.ok(*command)
    shell.ok("verify", "--requests", "200")
    shell.ok("ingress", "set-weights", "50", "50")
    shift = ("--to", "30:70", "--steps", "100", "--baseline", "1s", "--hold", "500ms", "--yes")
    shell.ok("ingress", "shift", *shift, "--rate", "400", timeout=120.0)
    pace = ("--steps", "100", "--baseline", "1s", "--hold", "500ms", "--rate", "400", "--yes")
    shell.ok("failover", "switchover", "--to", "poc-ack-1", "--headroom", "2", *pace, timeout=120.0)
    shell.ok("failover", "back", "--stabilise", "1s", "--headroom", "2", *pace, timeout=120.0)
    shell.ok("failover", "start", "--away-from", "poc-ack-1", "--reason", "rights", "--yes")
    watch = ("failover", "watch", "--away-from", "poc-ack-2", "--arm", "--yes", "--for", "1s")
    shell.ok(*watch)
    shell.ok("failover", "back", "--stabilise", "1s", "--headroom", "2", *pace, timeout=120.0)
    drill = ("failover", "drill", "poc-ack-2", "--reason", "rights", "--headroom", "2", "--yes")
    shell.ok(*drill, timeout=120.0)
    shell.ok("failover", "recover")
    shell.ok("ingress", "delete", "--yes")
    shell.ok("gateway", "delete", "--yes")
    shell.ok("distribute", "delete", "--yes")


def test_without_one_of_them_check_says_which(
    restricted: tuple[Shell, dict[str, Any]],
) -> None:
    shell, roles = restricted
    fewer = [
        {**role, "rules": [r for r in role["rules"] if r["resources"] != ["albconfigs"]]}
        for role in roles["fleet"]
    ]
    bind(shell.folder, {**roles, "fleet": fewer})
    done = shell.run("check", "--pre", "--only", "ADR-FLEET-ACCESS", "-o", "short")
    bind(shell.folder, roles)
    assert done.returncode == 9
    assert "we may not get, list, watch, create, patch albconfigs" in done.stdout


def test_other_objects_stay_out_of_reach(restricted: tuple[Shell, dict[str, Any]]) -> None:
    shell, _ = restricted
    project = (shell.folder / "alb-dr.yaml").read_text()
    other = shell.folder / "other.yaml"
    other.write_text(project.replace("name: ackone-gateway-demo", "name: another-gateway"))
    said = shell.refused(4, "gateway", "status", "--config", str(other))
    assert 'albconfigs.alibabacloud.com "another-gateway" is forbidden' in said
