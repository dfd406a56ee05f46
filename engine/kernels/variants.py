"""One of several sizes of a micro-kernel, chosen while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llvmlite import ir

from engine.kernels.vectors import INDEX

#: Writes the IR of one size; given a builder and then the arguments.
Emit = Callable[..., None]


def call_variant(
    builder: Any, number: Any, variants: Mapping[int, tuple[str, Emit]], arguments: Sequence[Any]
) -> None:
    """Emit a jump to the call of the variant with a number, which has a name and its own IR.

    Each is a function of its own so that only the one that runs works out its addresses: in one function
    LLVM computes those of all beforehand, 250 instructions that small products would mostly wait for.
    """
    after = builder.append_basic_block("after")
    known = builder.switch(number, after)
    for each, (name, emit) in variants.items():
        block = builder.append_basic_block(name)
        known.add_case(INDEX(each), block)
        builder.position_at_end(block)
        builder.call(_function(builder.module, f"gradqueue_{name}", emit, len(arguments)), arguments)
        builder.branch(after)
    builder.position_at_end(after)


def _function(module: Any, name: str, emit: Emit, count: int) -> Any:
    """Return the function of so many integers that `emit` writes, the same whenever it is asked for."""
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [INDEX] * count), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    emit(builder, *function.args)
    builder.ret_void()
    return function
