"""Elementary functions of our own: floats in, floats out, the same bits everywhere.

Math libraries disagree in the last bit (Python's `tanh` and NumPy's on three inputs in ten), so none of
them decides a bit of ours. Each function is written once, from `+ - * /`, comparisons and exact
scaling by powers of two, all of which IEEE 754 defines to the last bit. Python runs that source, and
after `import engine.native` Numba compiles it; loops over it become vector instructions.

`exp`, `log`, `tanh`, `sigmoid`, `sin` and `cos` are at most 1 unit in the last place (ulp) from the true
value; `reciprocal` and `sqrt` are correctly rounded; `power` says what it does. None of them raises:
what has no value is not a number, what is too large is infinite.
"""

from engine.elementary.circular import cos, sin
from engine.elementary.doubles import reciprocal, sqrt
from engine.elementary.exponential import exp, sigmoid, tanh
from engine.elementary.logarithm import log
from engine.elementary.powers import power

__all__ = ["cos", "exp", "log", "power", "reciprocal", "sigmoid", "sin", "sqrt", "tanh"]
