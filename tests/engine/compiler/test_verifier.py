"""The verifiers refuse what is broken, in every way that a stage can be broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine import Value
from engine.compiler.code import Code, assemble
from engine.compiler.differentiation import Graph
from engine.compiler.opcodes import ADD, COPY, VALUES, Opcode
from engine.compiler.program import Instruction, Program
from engine.compiler.recording import graph_of, record
from engine.operations import ADD as ADD_ROW
from tests.engine.compiler.functions import named
from tests.engine.compiler.verifier import Broken, verify_code, verify_graph, verify_program


def the_graph() -> Graph:
    return graph_of(named()["huber"][0], 2)


def the_program() -> Program:
    return record(named()["huber"][0], ["prediction", "target"], ["prediction"])


def test_what_is_whole_passes() -> None:
    verify_graph(the_graph())
    verify_program(the_program())
    verify_code(assemble(the_program()), the_program())


def made_from_an_input(graph: Graph) -> Graph:
    graph.inputs[0]._left = Value(1.0)
    return graph


def without_an_operand(graph: Graph) -> Graph:
    next(node for node in graph.nodes if node._operation is ADD_ROW)._right = None
    return graph


def by_hand(graph: Graph) -> Graph:
    return Graph(graph.inputs, Value(1.0, (graph.result,)))


def with_a_constant(graph: Graph) -> Graph:
    graph.result._constant = 2.0
    return graph


@pytest.mark.parametrize("breaking", [made_from_an_input, without_an_operand, by_hand, with_a_constant])
def test_a_broken_graph_is_refused(breaking: Callable[[Graph], Graph]) -> None:
    with pytest.raises(Broken):
        verify_graph(breaking(the_graph()))


def with_instruction(place: int, **changes: object) -> Callable[[Program], Program]:
    def broken(program: Program) -> Program:
        instructions = list(program.instructions)
        instructions[place] = instructions[place]._replace(**changes)  # type: ignore[arg-type]
        return replace(program, instructions=tuple(instructions))

    return broken


def with_more(*more: Instruction) -> Callable[[Program], Program]:
    return lambda program: replace(program, instructions=(*program.instructions, *more))


def with_output(name: str, number: int) -> Callable[[Program], Program]:
    return lambda program: replace(program, outputs=(*program.outputs, (name, number)))


BROKEN_PROGRAMS: dict[str, Callable[[Program], Program]] = {
    "an unknown instruction": with_instruction(0, opcode=Opcode("subtract", 2, lambda a, b: a - b)),
    "too few operands": with_instruction(0, operands=(0,)),
    "an operand from later": with_instruction(0, operands=(0, 10**6)),
    "its own result": lambda p: with_instruction(0, operands=(0, p.first_result))(p),
    "an operand below zero": with_instruction(0, operands=(0, -1)),
    "a constant it does not take": with_instruction(0, constant=2.0),
    "no constant where one is taken": with_more(Instruction(VALUES["power"], (0,))),
    "the same computed twice": lambda p: with_more(p.instructions[0])(p),
    "something computed for nothing": with_more(Instruction(ADD, (0, 0))),
    "an output that is an input": with_output("more", 0),
    "an output that nobody computes": with_output("more", 10**6),
    "an output twice": lambda p: with_output("more", p.outputs[0][1])(p),
    "two outputs of one name": lambda p: with_output(p.outputs[0][0], p.first_result)(p),
    "two inputs of one name": lambda p: replace(p, inputs=("x",) * len(p.inputs)),
    "a value among the gradients": lambda p: replace(p, values=0),
    "values beyond the end": lambda p: replace(p, values=10**6),
}


@pytest.mark.parametrize("name", BROKEN_PROGRAMS)
def test_a_broken_program_is_refused(name: str) -> None:
    with pytest.raises(Broken):
        verify_program(BROKEN_PROGRAMS[name](the_program()))


def with_column(place: int, column: int, value: int) -> Callable[[Code], Code]:
    def broken(code: Code) -> Code:
        instructions = code.instructions.copy()
        instructions[place, column] = value
        return replace(code, instructions=instructions)

    return broken


BROKEN_CODE: dict[str, Callable[[Code], Code]] = {
    "an instruction less": lambda code: replace(code, instructions=code.instructions[:-1]),
    "another instruction": with_column(1, 0, 0),
    "a row outside": with_column(0, 2, 10**6),
    "a result outside": with_column(0, 1, 10**6),
    "a result on its own operand": lambda code: with_column(0, 2, int(code.instructions[0, 1]))(code),
    "a result on an input": with_column(1, 1, 1),
    "a result on a constant": lambda code: with_column(1, 1, code.inputs + code.outputs)(code),
    "an operand of another number": with_column(0, 3, 0),
    "an output's row overwritten": lambda code: with_column(len(code.instructions) - 1, 1, code.inputs)(code),
    "another constant": lambda code: replace(code, constants=(7.0, *code.constants[1:])),
    "the values' end elsewhere": lambda code: replace(code, values=code.values + 1),
    "an input more": lambda code: replace(code, inputs=code.inputs + 1),
}


@pytest.mark.parametrize("name", BROKEN_CODE)
def test_broken_code_is_refused(name: str) -> None:
    program = the_program()
    with pytest.raises(Broken):
        verify_code(BROKEN_CODE[name](assemble(program)), program)


def test_a_row_used_again_too_early_is_refused() -> None:
    """The one mistake that no look at a single instruction can find."""
    program = Program(
        inputs=("a", "b"),
        constants=(),
        instructions=(
            Instruction(ADD, (0, 1)),
            Instruction(COPY, (0,)),
            Instruction(ADD, (2, 3)),
            Instruction(ADD, (2, 4)),
        ),
        outputs=(("sum", 5),),
        values=4,
        value_outputs=1,
    )
    code = assemble(program)
    verify_code(code, program)
    sharing = code.instructions.copy()
    sharing[1, 1] = sharing[0, 1]
    with pytest.raises(Broken, match="holds another number"):
        verify_code(replace(code, instructions=sharing), program)
