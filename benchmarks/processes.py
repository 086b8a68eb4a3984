"""Starts servers as processes of their own and reads what they cost.

A server is pinned to one core and the load to another, where the system can
pin, so that neither disturbs the other.
"""

import contextlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 30.0


#: The cores this run may use, before anything is pinned: children inherit.
_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def pin(core: int, pid: int = 0) -> None:
    """Keep a process on one core, where there are several and it can be done."""
    if len(_CORES) > core:
        os.sched_setaffinity(pid, {_CORES[core]})


@contextlib.contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this process on one core until the block ends."""
    pin(core)
    try:
        yield
    finally:
        if _CORES:
            os.sched_setaffinity(0, _CORES)


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One uvicorn process with one worker."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int) -> None:
        self.name = name
        self.process = process
        self.port = port

    def cpu(self) -> float:
        """Return the seconds of processor time it has used so far."""
        try:
            # Linux: the clock of another process, in nanoseconds
            # (clock_getcpuclockid(3)); /proc/<pid>/stat counts in hundredths.
            return time.clock_gettime((~self.process.pid << 3) | 2)
        except (AttributeError, OSError):
            times = self._psutil().cpu_times()
            return float(times.user + times.system)

    def memory(self) -> int:
        """Return the resident bytes."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return int(self._psutil().memory_info().rss)
        [line] = [line for line in status.read_text().splitlines() if "VmRSS" in line]
        return int(line.split()[1]) * 1024

    def _psutil(self) -> Any:
        """For systems without the clock and without /proc."""
        return importlib.import_module("psutil").Process(self.process.pid)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def uvicorn(
    name: str,
    target: str,
    *,
    factory: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Serve an ASGI application until the block ends."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", target, "--port", str(port)),
        *("--no-access-log", "--log-level", "error", "--workers", "1"),
        *("--backlog", "4096", "--timeout-keep-alive", "3600"),
    ]
    if factory:
        command.append("--factory")
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
    )
    try:
        pin(0, process.pid)
        deadline = time.monotonic() + START_TIMEOUT
        while not _listens(port):
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with code {process.returncode}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not start in {START_TIMEOUT:.0f} s")
            time.sleep(0.05)
        yield Server(name, process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
