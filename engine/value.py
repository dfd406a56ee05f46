"""`Value`: a number that remembers how it was made, so that it can tell how it would change."""

from __future__ import annotations

from numbers import Real
from typing import Any

from engine.operations import (
    ABSOLUTE,
    ADD,
    DETACH,
    EXP,
    LEAKY_RELU,
    LEAKY_SLOPE,
    LOG,
    MAXIMUM,
    MINIMUM,
    MULTIPLY,
    POWER,
    RELU,
    SIGMOID,
    TANH,
    Operation,
)


class Value:
    """A scalar, the operands it was made from, and the gradient of some later result with respect to it.

    Args:
        data: a real number; kept as a float.
        _children: the operands, in order.
    """

    __slots__ = ("_constant", "_operation", "_prev", "data", "grad")

    #: NumPy then leaves `array_scalar * value` to `Value` instead of wrapping it into an array.
    __array_ufunc__ = None

    data: float
    grad: float
    _prev: tuple[Value, ...]

    def __init__(
        self,
        data: float,
        _children: tuple[Value, ...] = (),
        _operation: Operation | None = None,
        _constant: float = 0.0,
    ) -> None:
        self.data = data if type(data) is float else _number(data)
        self.grad = 0.0
        self._prev = _children
        self._operation = _operation
        self._constant = _constant

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"

    def __add__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            if not isinstance(other, Real):
                return NotImplemented
            other = Value(other)
        return Value(self.data + other.data, (self, other), ADD)

    def __mul__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            if not isinstance(other, Real):
                return NotImplemented
            other = Value(other)
        return Value(self.data * other.data, (self, other), MULTIPLY)

    def __pow__(self, exponent: float) -> Value:
        if not isinstance(exponent, (int, float)):
            raise TypeError(f"the exponent must be an int or a float, not {type(exponent).__name__}")
        return self._made_by(POWER, float(exponent))

    def __radd__(self, other: float) -> Value:
        return self + other

    def __rmul__(self, other: float) -> Value:
        return self * other

    def __neg__(self) -> Value:
        return self * -1.0

    def __sub__(self, other: Value | float) -> Value:
        return self + -other

    def __rsub__(self, other: float) -> Value:
        return -self + other

    def __truediv__(self, other: Value | float) -> Value:
        return self * (other if isinstance(other, Value) else Value(other)) ** -1.0

    def __rtruediv__(self, other: float) -> Value:
        return self**-1.0 * other

    def __abs__(self) -> Value:
        return self._made_by(ABSOLUTE)

    def abs(self) -> Value:
        """Return the absolute value; its gradient at 0 is 0."""
        return self._made_by(ABSOLUTE)

    def relu(self) -> Value:
        """Return 0 below zero, else the number itself; the gradient is 1 only where the result is > 0."""
        return self._made_by(RELU)

    def leaky_relu(self, slope: float = LEAKY_SLOPE) -> Value:
        """Return `slope` times the number below zero, else the number itself."""
        return self._made_by(LEAKY_RELU, float(slope))

    def exp(self) -> Value:
        """Return e to the power of this number."""
        return self._made_by(EXP)

    def log(self) -> Value:
        """Return the natural logarithm: minus infinity of 0, not a number below."""
        return self._made_by(LOG)

    def tanh(self) -> Value:
        """Return the hyperbolic tangent."""
        return self._made_by(TANH)

    def sigmoid(self) -> Value:
        """Return 1 / (1 + exp(-x))."""
        return self._made_by(SIGMOID)

    def maximum(self, other: Value | float) -> Value:
        """Return the larger of the two; of equals the gradient goes to this one."""
        other = other if isinstance(other, Value) else Value(other)
        return Value(MAXIMUM.value(self.data, other.data), (self, other), MAXIMUM)

    def minimum(self, other: Value | float) -> Value:
        """Return the smaller of the two; of equals the gradient goes to this one."""
        other = other if isinstance(other, Value) else Value(other)
        return Value(MINIMUM.value(self.data, other.data), (self, other), MINIMUM)

    def detach(self) -> Value:
        """Return the same number as a constant: no gradient passes through it."""
        return self._made_by(DETACH)

    def backward(self) -> None:
        """Set the gradient of this result with respect to everything it was made from.

        Leaves add it to the gradient they already have; everything in between starts afresh.
        """
        order = self._interior_in_order()
        for node in order:
            node.grad = 0.0
        self.grad = 1.0 if order else self.grad + 1.0
        for node in reversed(order):
            node._backward()

    def _backward(self) -> None:
        """Add this node's share of its gradient to its operands' gradients."""
        operation = self._operation
        if operation is None:
            return
        if operation.operands == 2:
            left, right = self._prev
            to_left, to_right = operation.gradient(left.data, right.data, self.data, self.grad)  # type: ignore[misc]
            left.grad += to_left
            right.grad += to_right
        else:
            (operand,) = self._prev
            extra = (self._constant,) if operation.takes_constant else ()
            operand.grad += operation.gradient(operand.data, *extra, self.data, self.grad)  # type: ignore[operator]

    def _interior_in_order(self) -> list[Value]:
        """Return every node that has operands, each after its operands: depth first, operands in order."""
        order: list[Value] = []
        seen: set[Value] = set()
        stack: list[Any] = [self] if self._prev else []
        while stack:
            node = stack.pop()
            if node is None:
                order.append(stack.pop())
            elif node not in seen:
                seen.add(node)
                stack += (node, None)
                stack.extend(operand for operand in reversed(node._prev) if operand._prev)
        return order

    def _made_by(self, operation: Operation, constant: float | None = None) -> Value:
        if constant is None:
            return Value(operation.value(self.data), (self,), operation)
        return Value(operation.value(self.data, constant), (self,), operation, constant)


def _number(data: object) -> float:
    if not isinstance(data, Real):
        raise TypeError(f"a Value holds a real number, not {type(data).__name__}")
    return float(data)
