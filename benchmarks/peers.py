"""Peers in environments of their own, so that no measurement adds a dependency to the project."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent

#: Kept between runs, never committed; delete it to install the peers anew.
ENVIRONMENTS = REPOSITORY / "var" / "benchmarks"


def python_with(name: str, *packages: str) -> Path:
    """Return the interpreter of environment `name`, made from this Python with `packages` if it is new.

    Raises:
        subprocess.CalledProcessError: pip could not install the packages; it has said why.
    """
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    installed = folder / "installed.txt"
    wanted = "\n".join(packages)
    if not (installed.exists() and installed.read_text() == wanted):
        print(f"installing {', '.join(packages)} into {folder.relative_to(REPOSITORY)} ...", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True, stdout=sys.stderr)
        installed.write_text(wanted)
    return python
