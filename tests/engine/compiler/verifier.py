"""What must be so of every stage of the compiler, whatever function it was given.

Each verifier raises `Broken` with what it found. None of them computes: whether the stages mean the same is
what `test_stages.py` asks, with numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.compiler.opcodes import COPY, OPCODES
from engine.operations import OPERATIONS

if TYPE_CHECKING:
    from engine.compiler.code import Code
    from engine.compiler.differentiation import Graph
    from engine.compiler.program import Program
    from engine.value import Value


class Broken(Exception):
    """A stage is not what the next one may rely on."""


def verify_graph(graph: Graph) -> None:
    """Every node is an operation of the table on nodes before it, on inputs or on plain numbers."""
    nodes = graph.nodes
    _demand(all(not leaf._prev for leaf in graph.inputs), "an input was made from something")
    _demand(len(set(nodes)) == len(nodes), "a node comes twice")
    _demand(not nodes or nodes[-1] is graph.result, "the result is not last")
    known: set[Value] = set(graph.inputs)
    for node in nodes:
        row = node._operation
        _demand(row in OPERATIONS, "an operation is not in the table")
        assert row is not None
        _demand(len(node._prev) == row.operands, f"{row.name} has {len(node._prev)} operands")
        _demand(row.takes_constant or node._constant == 0.0, f"{row.name} takes no constant")
        for operand in node._prev:
            _demand(operand in known or not operand._prev, f"an operand of {row.name} comes later")
        known.add(node)


def verify_program(program: Program) -> None:
    """Every number is computed once, before it is used, and used; the values need none of the gradients."""
    first = program.first_result
    count = first + len(program.instructions)
    names = [name for name, _ in program.outputs]
    _demand(len(set(program.inputs)) == len(program.inputs), "two inputs have one name")
    _demand(len(set(names)) == len(names), "two outputs have one name")
    used = {number for _, number in program.outputs}
    seen = set()
    for number, each in enumerate(program.instructions, first):
        opcode, operands = each.opcode, each.operands
        _demand(opcode in OPCODES, f"%{number - first} is no instruction")
        _demand(len(operands) == opcode.operands, f"{opcode.name} has {len(operands)} operands")
        _demand(all(0 <= operand < number for operand in operands), f"{opcode.name} uses what comes later")
        _demand((each.constant is not None) == opcode.takes_constant, f"{opcode.name}'s constant is wrong")
        key = (opcode.name, operands, None if each.constant is None else each.constant.hex())
        _demand(opcode is COPY or key not in seen, f"{opcode.name} is computed twice")
        seen.add(key)
        used.update(operands)
    results = [number for _, number in program.outputs]
    _demand(all(first <= number < count for number in results), "an output is no instruction's result")
    _demand(len(set(results)) == len(results), "two outputs are one instruction's result")
    _demand(set(range(first, count)) <= used, "an instruction is computed for nothing")
    _demand(0 <= program.values <= len(program.instructions), "the values end outside of the program")
    _demand(
        all(number < first + program.values for number in results[: program.value_outputs]),
        "a value is computed among the gradients",
    )


def verify_code(code: Code, program: Program) -> None:
    """Every row holds, whenever an instruction reads it, the number that the program means."""
    _demand(len(code.instructions) == len(program.instructions), "instructions were lost or added")
    _demand((code.inputs, code.outputs) == (len(program.inputs), len(program.outputs)), "arguments differ")
    _demand(code.values == program.values, "the values end elsewhere")
    constants = code.inputs + code.outputs
    temporaries = constants + len(code.constants)
    _demand(code.constants[: len(program.constants)] == program.constants, "the constants differ")
    holds: dict[int, int] = {row: row for row in range(code.inputs)}
    holds |= {constants + place: code.inputs + place for place in range(len(program.constants))}
    for place, (number, result, *operands, constant) in enumerate(code.instructions.tolist()):
        each = program.instructions[place]
        _demand(OPCODES[number] is each.opcode, f"instruction {place} is another")
        operands = operands[: each.opcode.operands]
        _demand(all(0 <= row < code.rows for row in [result, *operands]), f"{place} leaves the rows")
        _demand(result not in operands, f"instruction {place} writes what it reads")
        _demand(code.inputs <= result < constants or result >= temporaries, f"{place} writes an input")
        _demand(
            tuple(holds.get(row) for row in operands) == each.operands,
            f"instruction {place} reads a row that holds another number",
        )
        if each.constant is not None:
            _demand(
                constants <= constant < temporaries
                and code.constants[constant - constants].hex() == each.constant.hex(),
                f"instruction {place} has another constant",
            )
        holds[result] = program.first_result + place
    for place, (name, number) in enumerate(program.outputs):
        _demand(holds.get(code.inputs + place) == number, f"the row of {name} holds another number")


def _demand(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Broken(otherwise)
