"""The worker: answers rings, trains jobs, and sweeps up after workers that died."""
