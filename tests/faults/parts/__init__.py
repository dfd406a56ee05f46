"""The parts of the service as processes that can be started, stopped, killed and frozen."""
