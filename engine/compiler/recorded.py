"""`Value`s without numbers: a function run on them leaves its graph and cannot decide by numbers."""

from __future__ import annotations

from typing import NoReturn

from engine.operations import ADD, MULTIPLY, Operation
from engine.value import Value


class NotRecordable(Exception):
    """The function looks at a number while it makes its graph, so another number may make another graph."""


class Recorded(Value):
    """A `Value` that is not known yet.

    It makes the very nodes that `Value` makes, in the same order, and has a number nowhere: reading `data` is
    how a function would branch, loop or compute outside the graph, all of which a recording would miss.

    Raises:
        NotRecordable: on reading or writing `data`.
    """

    __slots__ = ()

    def __init__(self) -> None:
        self.grad = 0.0
        self._left = self._right = self._operation = None
        self._constant = 0.0

    def _refuse(self, *_: object) -> NoReturn:
        raise NotRecordable("the function looks at a number, so its graph may depend on it")

    data = property(_refuse, _refuse)

    def __add__(self, other: Value | float) -> Value:
        return _node(ADD, self, other if isinstance(other, Value) else Value(other))

    def __mul__(self, other: Value | float) -> Value:
        return _node(MULTIPLY, self, other if isinstance(other, Value) else Value(other))

    # Python asks these first where the left operand is a plain `Value`; it keeps its place all the same.
    def __radd__(self, other: Value | float) -> Value:
        return _node(ADD, other, self) if isinstance(other, Value) else self + other

    def __rmul__(self, other: Value | float) -> Value:
        return _node(MULTIPLY, other, self) if isinstance(other, Value) else self * other

    def __repr__(self) -> str:
        return "Value(data=?)"

    def _alone(self, operation: Operation) -> Value:
        return _node(operation, self)

    def _with_constant(self, operation: Operation, constant: float) -> Value:
        return _node(operation, self, None, constant)

    def _together(self, operation: Operation, other: Value | float) -> Value:
        return _node(operation, self, other if isinstance(other, Value) else Value(other))

    def _right_of(self, left: Value, operation: Operation) -> Value:
        return _node(operation, left, self)


def _node(operation: Operation, left: Value, right: Value | None = None, constant: float = 0.0) -> Recorded:
    node = Recorded()
    node._left, node._right = left, right
    node._operation, node._constant = operation, constant
    return node
