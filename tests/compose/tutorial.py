"""The tutorial's job, and what it gives without any container."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.compose.docker import ROOT


def tutorial() -> tuple[dict[str, Any], str]:
    """Return the job, and the digest of its weights by `gradqueue train` on this machine."""
    file = ROOT / "examples/tutorial.json"
    command = [str(Path(sys.executable).with_name("gradqueue")), "train", str(file)]
    trained = subprocess.run(command, capture_output=True, check=True)
    return json.loads(file.read_text()), json.loads(trained.stdout)["weights_sha256"]
