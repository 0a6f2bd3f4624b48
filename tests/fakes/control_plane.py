"""Programs in the place of etcd and kube-apiserver; the latter serves the embedded API."""

from __future__ import annotations

import sys
from pathlib import Path

ETCD = """
import os, pathlib, signal
pathlib.Path("etcd.new").write_text(str(os.getpid()))
pathlib.Path("etcd.new").rename("etcd.pid")
signal.pause()
"""
WAIT = """
import pathlib, time
while not pathlib.Path("etcd.pid").exists():
    time.sleep(0.01)
"""
"""A real API server does nothing before it reaches its etcd, either."""
API_SERVER = f"""{WAIT}
import asyncio, csv, os, ssl, sys
from alb_dr.sandbox.kube.cluster import EmbeddedCluster

async def main():
    pathlib.Path("api.pid").write_text(str(os.getpid()))
    flags = dict(a.removeprefix("--").split("=", 1) for a in sys.argv[1:])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(flags["tls-cert-file"], flags["tls-private-key-file"])
    with open(flags["token-auth-file"]) as file:
        tokens = {{row[0]: row[1] for row in csv.reader(file)}}
    # Without what a kube-controller-manager does, as a real API server is.
    cluster = EmbeddedCluster("stand-in", controllers=False)
    port = int(flags["secure-port"])
    await cluster.serve(host=flags["bind-address"], port=port, tls=tls, tokens=tokens)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def assets(folder: Path, **programs: str) -> Path:
    """A folder with executables of these names."""
    folder.mkdir()
    for name, text in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!{sys.executable}\n{text}")
        program.chmod(0o755)
    return folder
