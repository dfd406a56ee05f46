"""From a spec and its data to what the kernels take: records, code, and memory laid out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nn.compiled.arena import LINE, Arena, Piece
from nn.compiled.facts import facts_of
from nn.compiled.kernels.passes import BLOCK
from nn.compiled.kernels.records import JOB, LAYER
from nn.compiled.library import Integers, Library, Shelved
from nn.compiled.programs import activation_code, loss_code
from nn.layout import LayerLayout, Layout
from nn.losses import LOSSES, network_activations
from nn.optimizers import rule_of

if TYPE_CHECKING:
    from nn.preparation import Prepared
    from nn.spec import Activation, Spec

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
    layers = _Layers(arena, library, layout, network_activations(spec), chunk)
    facts |= _shelve_loss(library, spec, layout.widths[-1], chunk)

    arena.allocate()
    pieces["one"].array[:] = 1.0
    facts |= {name: piece.address for name, piece in pieces.items()}
    return Plan(
        _record(JOB, [facts]),
        _record(LAYER, layers.records(pieces["parameters"].address, pieces["gradients"].address)),
        library.instructions(),
        library.rows(),
        pieces,
    )


def stride(width: int) -> int:
    """Return the doubles from one sample's row to the next: whole cache lines, and in wide rows an odd
    number.

    The lines that a tile reads from many rows in one column then fall into different sets of the cache.
    """
    lines = -(-width // LINE)
    return LINE * (lines | 1 if lines >= LINE else lines)


def _job_pieces(arena: Arena, layout: Layout, chunk: int, remembered: int) -> dict[str, Piece]:
    sizes = dict.fromkeys(("parameters", "gradients", "kept", "best_parameters"), layout.count)
    sizes["memory"] = remembered * layout.count
    sizes |= dict.fromkeys(("residual", "running_residual"), layout.widths[-1])
    sizes |= dict.fromkeys(("delta", "upstream"), chunk * max(stride(width) for width in layout.widths[1:]))
    sizes |= {"zeros": LINE, "one": 1}
    return {name: arena.reserve(size) for name, size in sizes.items()}


def _shelve_loss(library: Library, spec: Spec, outputs: int, chunk: int) -> dict[str, int]:
    """Add the loss's program; one that treats all outputs alike has them for lanes, any other the samples."""
    elementwise = LOSSES[spec.training.loss].elementwise
    width = 1 if elementwise else outputs
    lanes = max(outputs, min(BLOCK, chunk * outputs)) if elementwise else chunk
    shelved = library.shelve(loss_code(spec.training.loss, width), lanes, own_arguments=True)
    return {
        "loss_width": width,
        "loss_lanes": lanes,
        "loss_begin": shelved.begin,
        "loss_values": shelved.values_end,
        "loss_end": shelved.end,
        "loss_rows": shelved.rows,
    }


class _Layers:
    """Reserves the layers' memory and shelves their activations; then makes their records."""

    def __init__(
        self, arena: Arena, library: Library, layout: Layout, activations: tuple[Activation, ...], chunk: int
    ) -> None:
        self._layout = layout
        self._shelved = {name: _shelve_activation(library, name) for name in dict.fromkeys(activations)}
        self._activations = activations
        self._input = arena.reserve(chunk * stride(layout.widths[0]))
        self._pieces = [
            {
                "forward_panels": arena.reserve(_panels(layer.inputs + 1, layer.outputs)),
                "backward_panels": arena.reserve(_panels(layer.outputs, layer.inputs) if place else 0),
                "z": arena.reserve(chunk * stride(layer.outputs)),
                "a": arena.reserve(chunk * stride(layer.outputs) if self._shelved[activation] else 0),
            }
            for place, (layer, activation) in enumerate(zip(layout.layers, activations, strict=True))
        ]

    def records(self, parameters: int, gradients: int) -> list[dict[str, int]]:
        """Return each layer's record; the flat parameters and gradients are at these addresses."""
        records: list[dict[str, int]] = []
        x = self._input.address
        for layer, activation, pieces in zip(
            self._layout.layers, self._activations, self._pieces, strict=True
        ):
            record = _shape(layer, parameters, gradients) | {"x": x, **_programs(self._shelved[activation])}
            record |= {name: piece.address for name, piece in pieces.items()}
            if not record["activates"]:
                record["a"] = record["z"]
            x = record["a"]
            records.append(record)
        return records


def _panels(rows: int, columns: int) -> int:
    """Return the size of a matrix in panels of 8 columns."""
    return rows * LINE * -(-columns // LINE)


def _shelve_activation(library: Library, name: Activation) -> tuple[Shelved, Shelved] | None:
    code = activation_code(name)
    if code is None:
        return None
    return (
        library.shelve(code.forward, BLOCK, own_arguments=False),
        library.shelve(code.backward, BLOCK, own_arguments=False),
    )


def _shape(layer: LayerLayout, parameters: int, gradients: int) -> dict[str, int]:
    bytes_of = np.dtype(np.float64).itemsize
    weights, biases = bytes_of * layer.weights.start, bytes_of * layer.biases.start
    return {
        "inputs": layer.inputs,
        "outputs": layer.outputs,
        "weights": parameters + weights,
        "biases": parameters + biases,
        "weight_gradients": gradients + weights,
        "bias_gradients": gradients + biases,
        "x_stride": stride(layer.inputs),
        "stride": stride(layer.outputs),
    }


def _programs(shelved: tuple[Shelved, Shelved] | None) -> dict[str, int]:
    if shelved is None:
        return {"activates": False}
    forward, backward = shelved
    return {
        "activates": True,
        "forward_begin": forward.begin,
        "forward_end": forward.end,
        "forward_rows": forward.rows,
        "backward_begin": backward.begin,
        "backward_end": backward.end,
        "backward_rows": backward.rows,
    }


def _record(dtype: Any, records: list[dict[str, Any]]) -> Any:
    array = np.zeros(len(records), dtype)
    for place, record in enumerate(records):
        for name, value in record.items():
            array[place][name] = value
    return array
