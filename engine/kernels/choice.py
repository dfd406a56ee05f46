"""A kernel chosen by its number at run time: what a table of functions is to Python, a jump is to native code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def choice(kernels: Sequence[Any], arguments: Sequence[Any]) -> Any:
    """Return the function `(number, *arguments)` that calls the kernel with that number; none has a result.

    `arguments` are the Numba types that all of them take. A number that no kernel has does nothing.
    """
    signature = types.void(*arguments)

    @intrinsic  # type: ignore[untyped-decorator]
    def chosen(typing: Any, number: Any, *rest: Any) -> Any:
        for kernel in kernels:
            typing.resolve_function_type(types.Dispatcher(kernel), signature.args, {})

        def generate(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
            number, packed = values
            given = [builder.extract_value(packed, place) for place in range(len(arguments))]
            after = builder.append_basic_block("after")
            jump = builder.switch(number, after)
            for place, kernel in enumerate(kernels):
                block = builder.append_basic_block(f"kernel_{place}")
                jump.add_case(ir.IntType(64)(place), block)
                builder.position_at_end(block)
                context.get_function(types.Dispatcher(kernel), signature)(builder, given)
                builder.branch(after)
            builder.position_at_end(after)
            return context.get_dummy_value()

        return types.void(types.int64, types.StarArgTuple.from_types(rest)), generate

    return chosen
