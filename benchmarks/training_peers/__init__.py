"""The contenders of `benchmarks.training`, each a script for an environment of its own."""
