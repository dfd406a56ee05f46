"""Imported once, by the server that victims are forked from: none of them waits for imports or kernels."""

from __future__ import annotations

import pytest  # noqa: F401 (multiprocessing has every process run the main program's imports)

import services.api.app  # noqa: F401 (a victim that answers a POST makes an application)
from nn import trainers

trainers.warm()
