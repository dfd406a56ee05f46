"""From a spec and its data to what the kernels take: records, code, and memory laid out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.kernels.nonzero import WORD
from engine.kernels.skipping import STRIP
from nn.compiled.arena import LINE, Arena, Piece
from nn.compiled.facts import facts_of
from nn.compiled.kernels.elementwise import UNKNOWN, number_of
from nn.compiled.kernels.records import JOB, LAYER
from nn.compiled.layers import PlannedLayer, plan_layers, stride
from nn.compiled.library import Integers, Library
from nn.compiled.programs import loss_code, loss_program
from nn.layout import Layout
from nn.losses import LOSSES, network_activations
from nn.optimizers import rule_of

if TYPE_CHECKING:
    from nn.preparation import Prepared
    from nn.spec import Spec

#: Most samples that go through the layers together. More would not make the tiles faster, but crowd the
#: caches.
MOST_SAMPLES = 128


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Arguments of `nn.compiled.kernels.training.train` that last as long as the training, and its state's
    memory.

    `pieces` has those that the job's record has addresses of, by name.
    """

    job: Any
    layers: Any
    code: Integers
    rows: Integers
    pieces: dict[str, Piece]


def plan(spec: Spec, prepared: Prepared) -> Plan:
    """Return the plan of a training; its memory is zeros."""
    layout = Layout((prepared.train_inputs.shape[1], *spec.model.layers))
    facts = facts_of(spec, prepared, layout)
    facts["chunk"] = chunk = min(MOST_SAMPLES, max(facts["batch"], facts["validation_samples"]))
    arena = Arena()
    library = Library(arena)
    pieces = _job_pieces(arena, layout, chunk, len(rule_of(spec.training.optimizer).initial))
    layers = plan_layers(arena, library, layout, network_activations(spec), chunk, facts["batch"])
    facts["streams"] = any(layer.streams for layer in layers)
    facts |= _shelve_loss(arena, library, spec, layers[-1], pieces["wanted"], chunk)

    arena.allocate()
    pieces["one"].array[:] = 1.0
    layers[0].put_ones_beside_inputs()
    facts |= {name: piece.address for name, piece in pieces.items()}
    places = pieces["parameters"].address, pieces["gradients"].address
    return Plan(
        _record(JOB, [facts]),
        _record(LAYER, [layer.record(*places) for layer in layers]),
        library.instructions(),
        library.rows(),
        pieces,
    )


def _job_pieces(arena: Arena, layout: Layout, chunk: int, remembered: int) -> dict[str, Piece]:
    outputs = layout.widths[-1]
    sizes = dict.fromkeys(("parameters", "gradients", "kept", "best_parameters"), layout.count)
    sizes["memory"] = remembered * layout.count
    sizes |= dict.fromkeys(("residual", "running_residual"), outputs)
    sizes |= {"wanted": chunk * stride(outputs, is_last=True), "zeros": LINE, "one": 1}
    sizes["words"] = max(_words(chunk, width) for width in layout.widths)
    sizes["turned"] = max(layout.widths[1:]) * LINE * -(-chunk // LINE)
    sizes["strip"] = chunk * STRIP
    return {name: arena.reserve(size) for name, size in sizes.items()}


def _words(samples: int, width: int) -> int:
    """Return the words that note which numbers of a chunk are zero, by samples or by columns."""
    return max(samples * -(-width // WORD), width * -(-samples // WORD))


def _shelve_loss(
    arena: Arena, library: Library, spec: Spec, last: PlannedLayer, wanted: Piece, chunk: int
) -> dict[str, int]:
    """Add the loss's program; one that treats all outputs alike has them for lanes, any other the samples."""
    name = spec.training.loss
    elementwise = LOSSES[name].elementwise
    width = 1 if elementwise else last.layout.outputs
    lanes = chunk * last.stride if elementwise else chunk
    grad, value = arena.reserve(lanes), arena.reserve(lanes)
    if elementwise:
        arguments, number = [last.a, wanted, grad, value, last.upstream], number_of(loss_program(name, 1))
    else:
        own = [arena.reserve(lanes) for _ in range(3 * width)]
        arguments, number = [*own[: 2 * width], grad, value, *own[2 * width :]], UNKNOWN
    shelved = library.shelve(loss_code(name, width), lanes, arguments, number)
    return {
        "loss_width": width,
        "loss_lanes": lanes,
        "loss_known": shelved.number,
        "loss_begin": shelved.begin,
        "loss_values": shelved.values_end,
        "loss_end": shelved.end,
        "loss_rows": shelved.rows,
    }


def _record(dtype: Any, records: list[dict[str, Any]]) -> Any:
    array = np.zeros(len(records), dtype)
    for place, record in enumerate(records):
        for name, value in record.items():
            array[place][name] = value
    return array
