"""The embedded mode: everything in one command, with nothing installed but Python.

One supervisor keeps a Valkey server, an API process and a worker running on one data folder, and ends them
all. They are the same programs that production runs; only the URLs differ.
"""

from services.embedded.serve import serve

__all__ = ["serve"]
