"""Kernels called in two ways that Numba has no word for: by number, and with the types they were written
for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import alloca_once
from numba.extending import intrinsic


def choice(kernels: Sequence[Any], arguments: Sequence[Any], result: Any = None) -> Any:
    """Return the function `(number, *arguments)` that calls the kernel with that number.

    `arguments` are the Numba types that all of them take and `result` that of what they return, None for
    nothing.
    `number` is one that a kernel has.
    """
    signature = (result or types.void)(*arguments)

    @intrinsic  # type: ignore[untyped-decorator]
    def chosen(typing: Any, number: Any, *given: Any) -> Any:
        for kernel in kernels:
            typing.resolve_function_type(types.Dispatcher(kernel), signature.args, {})

        def generate(context: Any, builder: Any, actual: Any, values: Any) -> Any:
            builder.function.attributes.add("noinline")  # one copy of all kernels, however many callers
            number, packed = values
            converted = _converted(context, builder, packed, actual.args[1], signature)
            returned = [] if result is None else [alloca_once(builder, context.get_value_type(result))]
            after = builder.append_basic_block("after")
            jump = builder.switch(number, after)
            for place, kernel in enumerate(kernels):
                block = builder.append_basic_block(f"kernel_{place}")
                jump.add_case(ir.IntType(64)(place), block)
                builder.position_at_end(block)
                value = context.get_function(types.Dispatcher(kernel), signature)(builder, converted)
                for slot in returned:
                    builder.store(value, slot)
                builder.branch(after)
            builder.position_at_end(after)
            return builder.load(returned[0]) if returned else context.get_dummy_value()

        return signature.return_type(types.int64, types.StarArgTuple.from_types(given)), generate

    return chosen


def typed(kernel: Any, arguments: Sequence[Any]) -> Any:
    """Return the function that calls a kernel, which has no result, with arguments of these Numba types.

    Called as it is, a kernel would be compiled once more for every constant among its arguments.
    """
    signature = types.void(*arguments)

    @intrinsic  # type: ignore[untyped-decorator]
    def call(typing: Any, *given: Any) -> Any:
        typing.resolve_function_type(types.Dispatcher(kernel), signature.args, {})

        def generate(context: Any, builder: Any, actual: Any, values: Any) -> Any:
            converted = _converted(context, builder, values[0], actual.args[0], signature)
            return context.get_function(types.Dispatcher(kernel), signature)(builder, converted)

        return types.void(types.StarArgTuple.from_types(given)), generate

    return call


def _converted(context: Any, builder: Any, packed: Any, have: Any, signature: Any) -> list[Any]:
    """Return the arguments packed in a tuple of types `have` as a signature wants them."""
    return [
        context.cast(builder, builder.extract_value(packed, place), type_now, type_wanted)
        for place, (type_now, type_wanted) in enumerate(zip(have, signature.args, strict=True))
    ]
