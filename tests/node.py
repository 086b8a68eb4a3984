"""The JavaScript that tests need: node itself, the suite, the clients.

Everything lands in ``.cache/node`` of the checkout, once; npm is all that a
machine must bring. Nothing is installed while a test runs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess

from tests.processes import ROOT

HOME = ROOT / ".cache" / "node"
MODULES = HOME / "node_modules"
#: The clients and the suite use what node has from this version on.
OLDEST = 22
NODE = "node@24"
SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12"


class NodeMissing(Exception):
    """Neither node nor npm is there to work with."""


def clients() -> list[str]:
    """Return the packages that the scripts of ``interop/typescript`` import."""
    manifest = ROOT / "tests" / "interop" / "typescript" / "package.json"
    wanted: dict[str, str] = json.loads(manifest.read_text())["dependencies"]
    return [f"{name}@{version}" for name, version in wanted.items()]


def install() -> str:
    """Install what is missing; return the path of node.

    Raises: NodeMissing
    """
    system = _system_node()
    packages = [SUITE, *clients()] if system else [NODE, SUITE, *clients()]
    stamp = HOME / "installed.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != packages:
        _npm_install(packages)
        stamp.write_text(json.dumps(packages))
    node = system or str(MODULES / "node" / "bin" / "node")
    if _major(node) < OLDEST:
        raise NodeMissing(f"{node} does not run.")
    return node


def suite_command() -> list[str]:
    """Return the command that starts the conformance suite."""
    node = install()
    package = MODULES / "@modelcontextprotocol" / "conformance"
    binary: str | dict[str, str] = json.loads((package / "package.json").read_text())[
        "bin"
    ]
    script = binary if isinstance(binary, str) else binary["conformance"]
    return [node, str(package / script)]


def _npm_install(packages: list[str]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NodeMissing(f"Install npm, or node {OLDEST} or newer with npm.")
    HOME.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(HOME), "--no-package-lock"]
    quiet = ["--no-audit", "--no-fund", "--loglevel", "error"]
    subprocess.run([*command, *quiet, *packages], check=True, stdout=2)


def _system_node() -> str:
    """Return the machine's node, when it is new enough, or ""."""
    node = os.environ.get("NODE") or shutil.which("node") or ""
    return node if node and _major(node) >= OLDEST else ""


def _major(node: str) -> int:
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(answer.stdout.removeprefix("v").partition(".")[0])
