"""The training loop as native code: everything of a training that runs once per step or sample."""
