"""The world's process: ``python -m alb_dr.sandbox.daemon FOLDER``."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from alb_dr.errors import AlbDrError
from alb_dr.sandbox.argo import ArgoOrder
from alb_dr.sandbox.cloud.faults import CloudFault
from alb_dr.sandbox.control import serve_control
from alb_dr.sandbox.options import SandboxOptions
from alb_dr.sandbox.processes import started_at
from alb_dr.sandbox.scalers import ScalerOptions
from alb_dr.sandbox.world import World


async def run(folder: Path) -> None:
    """Run the world until somebody asks for its end."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, ending.set)
    # A closed terminal must not take the sandbox along.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    world = World(folder, SandboxOptions.read(folder / "options.json"))
    control = None
    try:
        facts = await world.start()
        control = await serve_control(folder / "control.sock", _handler(world))
        _publish(folder, facts)
        await ending.wait()
    finally:
        if control is not None:
            control.close()
        await world.stop()


def _publish(folder: Path, facts: dict[str, Any]) -> None:
    """Write who we are; the file appears complete, and its appearance means ready."""
    pid = os.getpid()
    document = {"pid": pid, "started": started_at(pid), **facts}
    temporary = folder / ".world.json"
    temporary.write_text(json.dumps(document))
    temporary.replace(folder / "world.json")


def _handler(world: World) -> Any:
    async def handle(request: dict[str, Any]) -> dict[str, Any]:
        match request.get("do"):
            case "inject":
                drill = request.get("drill", "")
                fault, member, value = request["fault"], request["member"], request["value"]
                await world.inject(fault, member, value, drill=drill)
            case "clear":
                await world.clear(request.get("member"), drill=request.get("drill", ""))
            case "cloud-fault":
                world.cloud.faults.inject(CloudFault(**request["fault"]))
            case "cloud-clear":
                world.cloud.faults.clear()
            case "bind":
                world.bind(request.get("fleet"), request.get("member"))
            case "scaler":
                world.scaler(request["member"], ScalerOptions.of(request["options"]))
            case "argo":
                world.argo(ArgoOrder(**request["order"]))
            case "distort":
                world.distort(request["weights"])
            case _:
                pass
        return world.status()

    return handle


def main() -> None:
    """Hold the lock for as long as the world lives, so that a second one can see it."""
    folder = Path(sys.argv[1])
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("another sandbox runs in this folder")
        try:
            asyncio.run(run(folder))
        except AlbDrError as error:
            sys.exit(f"failed: {error.message}")


if __name__ == "__main__":
    main()
