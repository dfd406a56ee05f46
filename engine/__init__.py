"""Scalar automatic differentiation: `Value`, its operations, and elementary functions of our own."""

from engine.value import Value

__all__ = ["Value"]
