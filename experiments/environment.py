"""Where rows come from: machine, versions and commits, as they are kept beside the rows."""

import hashlib
import json
import os
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .. import __version__
from ..solvers import SOLVERS

_PACKAGES = ("pyomo", "pao", "numpy", "scipy")
_GIT_SECONDS = 10


@cache
def environment() -> dict[str, Any]:
    """Return what is known of this process's machine and software, with an ``id`` that is the same for the same."""
    found = {
        "machine": platform.node(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": _memory(),
        "python": platform.python_version(),
        "bilevolt": __version__,
        "commit": _commit(Path(__file__).parent),
        "folder_commit": _commit(Path.cwd()),
        "packages": {name: _version(name) for name in _PACKAGES},
        "solvers": {name: one.version() for name, one in SOLVERS.items() if one.available() is None},
    }
    return {"id": hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:12], **found}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _memory() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):  # another system
        return None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit(folder: Path) -> str | None:
    """Return the commit of a folder, with "+" where files were changed since; None if there is none."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    return commit + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
