"""gradqueue for Python programs: a client of the HTTP service.

```python
from gradqueue import Client

client = Client("http://127.0.0.1:8000")
job = client.wait(client.submit({"dataset": {"generator": "xor"}, "model": {"hidden_layers": [8]}})["id"])
```

The names are loaded when they are first used, so that the command line starts without the HTTP library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradqueue.client import Client
    from gradqueue.problem import Problem, Unreachable

__all__ = ["Client", "Problem", "Unreachable"]

_HOME = {"Client": "gradqueue.client", "Problem": "gradqueue.problem", "Unreachable": "gradqueue.problem"}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'gradqueue' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
