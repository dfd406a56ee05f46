"""`Value`: a number that remembers how it was made, so that it can tell how it would change."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, cast

from engine.elementary import reciprocal
from engine.operations import (
    ABS,
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

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What an operand may be besides a `Value`. Floats come first because they are looked for first.
_NUMBERS = (float, int, Real)

_new = object.__new__


class Value:
    """A scalar, the operands it was made from, and the gradient of a later result with respect to it.

    Operands are kept in order, and every result follows from that order, never from a memory address: the
    same program gives the same bits in every process. Operands do not know their results, so a graph is
    freed when its last result goes out of scope.

    Args:
        data: a real number; kept as a float.
        _children: the operands, in order, at most two. A number made so passes no gradient to them: only the
            operations do.

    Raises:
        TypeError: `data` is not a real number.
        ValueError: there are more than two operands.
    """

    # Two operands and no tuple of them: half the objects, and a third of the time, of a large graph.
    __slots__ = ("_constant", "_left", "_operation", "_right", "data", "grad")

    #: NumPy's scalars then leave `number * value` to `Value` instead of making an array of it.
    __array_ufunc__ = None

    data: float
    grad: float
    _left: Value | None
    _right: Value | None
    _operation: Operation | None
    _constant: float

    def __init__(self, data: float, _children: tuple[Value, ...] = ()) -> None:
        if len(_children) > 2:
            raise ValueError(f"a Value is made from at most two operands, not {len(_children)}")
        self.data = data if type(data) is float else _as_float(data)
        self.grad = 0.0
        self._left = _children[0] if _children else None
        self._right = _children[1] if len(_children) > 1 else None
        self._operation = None
        self._constant = 0.0

    @property
    def _prev(self) -> tuple[Value, ...]:
        """The operands, in order."""
        if self._left is None:
            return ()
        return (self._left,) if self._right is None else (self._left, self._right)

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"

    def __add__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            if not isinstance(other, _NUMBERS):
                return NotImplemented
            other = Value(other)
        return _made_by(ADD, self.data + other.data, self, other)

    def __mul__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            if not isinstance(other, _NUMBERS):
                return NotImplemented
            other = Value(other)
        return _made_by(MULTIPLY, self.data * other.data, self, other)

    def __pow__(self, exponent: float) -> Value:
        if not isinstance(exponent, (int, float)):
            raise TypeError(f"the exponent must be an int or a float, not {type(exponent).__name__}")
        return self._with_constant(POWER, float(exponent))

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Value:
        return self * -1.0

    def __sub__(self, other: Value | float) -> Value:
        return self + -other

    def __rsub__(self, other: float) -> Value:
        return -self + other

    def __truediv__(self, other: Value | float) -> Value:
        return self * (other**-1.0 if isinstance(other, Value) else reciprocal(_as_float(other)))

    def __rtruediv__(self, other: float) -> Value:
        return self**-1.0 * other

    def __abs__(self) -> Value:
        return self.abs()

    def abs(self) -> Value:
        """Return the distance from 0; at 0 its gradient is 0."""
        return self._alone(ABS)

    def relu(self) -> Value:
        """Return 0 below zero, else the number itself; the gradient is 1 only where the result is > 0."""
        return self._alone(RELU)

    def leaky_relu(self, slope: float = LEAKY_SLOPE) -> Value:
        """Return `slope` times the number below 0, else the number itself; at 0 the gradient is `slope`."""
        return self._with_constant(LEAKY_RELU, float(slope))

    def exp(self) -> Value:
        """Return e to the power of the number."""
        return self._alone(EXP)

    def log(self) -> Value:
        """Return the natural logarithm; of 0 it is minus infinity, below 0 it is not a number."""
        return self._alone(LOG)

    def tanh(self) -> Value:
        """Return the hyperbolic tangent."""
        return self._alone(TANH)

    def sigmoid(self) -> Value:
        """Return 1 / (1 + e**-x), the logistic function."""
        return self._alone(SIGMOID)

    def maximum(self, other: Value | float) -> Value:
        """Return the larger of the two, which gets the whole gradient; of equals this one does."""
        return self._together(MAXIMUM, other)

    def minimum(self, other: Value | float) -> Value:
        """Return the smaller of the two, which gets the whole gradient; of equals this one does."""
        return self._together(MINIMUM, other)

    def detach(self) -> Value:
        """Return the same number as a constant of the graph: no gradient passes."""
        return self._alone(DETACH)

    def backward(self) -> None:
        """Work out the gradient of this number with respect to every number it was made from.

        As in PyTorch, leaves (without operands) add it to the gradient they have, so that several calls
        accumulate; set theirs to 0.0 to begin anew. All other gradients are those of this call.
        """
        if self._left is None:
            self.grad += 1.0
            return
        order = self._operands_first()
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        _pass_back(reversed(order))

    def _backward(self) -> None:
        """Add this number's share of its gradient to its operands' gradients."""
        _pass_back((self,))

    def _operands_first(self) -> list[Value]:
        """Return everything with operands that this was made from, itself last, each after its operands.

        The order is that of a depth-first walk, left operand before right. The walk keeps its own path, so
        that a graph may be deeper than Python's stack.
        """
        order: list[Value] = []
        seen: set[Value] = set()
        # The nodes under way; None above one says that it only waits for its right operand.
        path: list[Value | None] = []
        node: Value | None = self
        while True:
            while node is not None and node._left is not None and node not in seen:
                seen.add(node)
                path.append(node)
                node = node._left
            if not path:
                return order
            node = path.pop()
            if node is None:
                order.append(cast("Value", path.pop()))
            elif node._right is None or node._right._left is None or node._right in seen:
                order.append(node)
                node = None
            else:
                path += (node, None)
                node = node._right

    def _alone(self, operation: Operation) -> Value:
        return _made_by(operation, operation.value(self.data), self)

    def _with_constant(self, operation: Operation, constant: float) -> Value:
        return _made_by(operation, operation.value(self.data, constant), self, None, constant)

    def _together(self, operation: Operation, other: Value | float) -> Value:
        right = other if isinstance(other, Value) else Value(other)
        return right._right_of(self, operation)

    def _right_of(self, left: Value, operation: Operation) -> Value:
        return _made_by(operation, operation.value(left.data, self.data), left, self)


def _made_by(
    operation: Operation, data: float, left: Value, right: Value | None = None, constant: float = 0.0
) -> Value:
    """Return a new node. It goes round `Value()` because much of a graph's time is spent here."""
    node = _new(Value)
    node.data = data
    node.grad = 0.0
    node._left = left
    node._right = right
    node._operation = operation
    node._constant = constant
    return node


def _pass_back(nodes: Iterable[Value]) -> None:
    """Add each node's share of its gradient to its operands' gradients, node after node.

    Sums and products are nine nodes in ten, so their rows' gradients are written out here as their values
    are in `Value`; this halves the time. A test holds them to the rows.
    """
    for node in nodes:
        operation, grad = node._operation, node.grad
        left: Any = node._left
        right: Any = node._right
        if operation is ADD:
            left.grad += grad
            right.grad += grad
        elif operation is MULTIPLY:
            left.grad += right.data * grad
            right.grad += left.data * grad
        elif operation is None:
            continue
        elif operation.operands == 2:
            to_left, to_right = operation.gradient(left.data, right.data, node.data, grad)
            left.grad += to_left
            right.grad += to_right
        elif operation.takes_constant:
            left.grad += operation.gradient(left.data, node._constant, node.data, grad)
        else:
            left.grad += operation.gradient(left.data, node.data, grad)


def _as_float(number: Any) -> float:
    if not isinstance(number, Real):
        raise TypeError(f"a Value is made of real numbers, not of {type(number).__name__}")
    return float(number)
