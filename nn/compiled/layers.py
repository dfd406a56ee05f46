"""The layers of a training as the kernels take them: shapes, memory, and their activations' programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.kernels.machine import NEAREST
from nn.compiled.arena import LINE
from nn.compiled.kernels.elementwise import number_of, overwrites
from nn.compiled.kernels.streaming import AHEAD, BACK, BLOCK, NEURONS
from nn.compiled.programs import activation_programs, code_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.compiler.program import Program
    from nn.compiled.arena import Arena, Piece
    from nn.compiled.library import Library, Shelved
    from nn.layout import LayerLayout, Layout
    from nn.spec import Activation

#: Most weights that are packed once per step. A layer with more streams.
MOST_NEAR = NEAREST

#: Fewest neurons of a layer that streams by strips: for fewer, packing the samples takes what it saves.
FEWEST_BY_STRIPS = 256

_DOUBLE = np.dtype(np.float64).itemsize


@dataclass(frozen=True, slots=True)
class PlannedLayer:
    """One layer; the pieces are those of `nn.compiled.kernels.records.LAYER`."""

    layout: LayerLayout
    x_stride: int
    stride: int
    x: Piece
    z: Piece
    a: Piece
    upstream: Piece
    delta: Piece
    streams: bool
    packed: Piece
    collected: Piece | None
    forward: Shelved | None
    backward: Shelved | None

    def record(self, parameters: int, gradients: int) -> dict[str, int]:
        """Return the layer's record; the flat parameters and gradients are at these addresses."""
        layout = self.layout
        weights, biases = _DOUBLE * layout.weights.start, _DOUBLE * layout.biases.start
        pieces = {name: getattr(self, name).address for name in ("x", "z", "a", "upstream", "delta")}
        return {
            "inputs": layout.inputs,
            "outputs": layout.outputs,
            "weights": parameters + weights,
            "biases": parameters + biases,
            "weight_gradients": gradients + weights,
            "bias_gradients": gradients + biases,
            "x_stride": self.x_stride,
            "stride": self.stride,
            "streams": self.streams,
            "by_strips": self.streams and layout.outputs >= FEWEST_BY_STRIPS,
            "packed": self.packed.address,
            **pieces,
            **self._across(),
            **_program("forward", self.forward),
            **_program("backward", self.backward),
            "activates": self.forward is not None,
        }

    def put_ones_beside_inputs(self) -> None:
        """Fill the column after the inputs, which a layer that goes across takes for one more input."""
        if self.collected is not None:
            self.x.array[self.layout.inputs :: self.x_stride] = 1.0

    def _across(self) -> dict[str, int]:
        if self.collected is None:
            return {}
        return {
            "across": True,
            "collected": self.collected.address,
            "collected_stride": stride(self.layout.outputs),
        }


def plan_layers(
    arena: Arena, library: Library, layout: Layout, activations: Sequence[Activation], chunk: int, batch: int
) -> list[PlannedLayer]:
    """Reserve the layers' memory for `chunk` samples of batches of `batch` and shelve their activations."""
    last = len(activations) - 1
    strides = [stride(layout.widths[0])]
    strides += [stride(width, is_last=place == last) for place, width in enumerate(layout.widths[1:])]
    lanes = chunk * max(strides[1:])

    def shelved(program: Program, rows: Sequence[Piece | None]) -> Shelved:
        return library.shelve(code_of(program), lanes, rows, number_of(program))

    gradients = _gradient_pieces(arena, activations, lanes)
    x = arena.reserve(chunk * strides[0])
    collected = [
        _collected(arena, layer, batch) if place == 0 else None for place, layer in enumerate(layout.layers)
    ]
    streams = [
        layer.inputs * layer.outputs > MOST_NEAR and piece is None
        for layer, piece in zip(layout.layers, collected, strict=True)
    ]
    far = [layer for layer, is_far in zip(layout.layers, streams, strict=True) if is_far]
    shared = arena.reserve(max((_in_use(layer, chunk) for layer in far), default=0))
    layers: list[PlannedLayer] = []
    for place, (layer, activation) in enumerate(zip(layout.layers, activations, strict=True)):
        programs = activation_programs(activation)
        z = arena.reserve(chunk * strides[place + 1])
        a = arena.reserve(chunk * strides[place + 1]) if programs and not overwrites(programs.forward) else z
        upstream, delta = gradients[place]
        layers.append(
            PlannedLayer(
                layer,
                strides[place],
                strides[place + 1],
                x,
                z,
                a,
                upstream,
                delta,
                streams=streams[place],
                packed=shared if streams[place] else arena.reserve(_packed(layer)),
                collected=collected[place],
                forward=shelved(programs.forward, [z, None, a]) if programs else None,
                backward=shelved(programs.backward, [z, a, upstream, delta]) if programs else None,
            )
        )
        x = a
    return layers


def stride(width: int, *, is_last: bool = False) -> int:
    """Return the doubles from one sample's row to the next.

    They are whole cache lines, and in wide rows an odd number of them: the lines that a tile reads from many
    rows in one column then fall into different sets of the cache. Narrow rows of the last layer follow each
    other, as the loss goes through all their lanes.
    """
    lines = -(-width // LINE)
    if lines >= LINE:
        return LINE * (lines | 1)
    return width if is_last else LINE * lines


def _collected(arena: Arena, layer: LayerLayout, batch: int) -> Piece | None:
    """Return where the first layer's gradients are collected across, None if that takes the kernels longer.

    A tile's vectors lie along the inputs, or across, along the outputs. A few inputs would leave most lanes
    of a vector empty, and leave room in a sample's row for the 1 that a bias is multiplied with. To bring
    a gradient home takes about as long as a vector.
    """
    along = layer.outputs * -(-layer.inputs // LINE)
    across = (layer.inputs + 1) * -(-layer.outputs // LINE)
    if layer.inputs % LINE == 0 or batch * across + layer.inputs * layer.outputs > batch * along:
        return None
    return arena.reserve((layer.inputs + 1) * stride(layer.outputs))


def _gradient_pieces(
    arena: Arena, activations: Sequence[Activation], lanes: int
) -> list[tuple[Piece, Piece]]:
    """Return each layer's `upstream` and `delta`: two pieces that take turns on the way back."""
    current, other = arena.reserve(lanes), arena.reserve(lanes)
    pieces = []
    for activation in reversed(activations):
        upstream = current
        programs = activation_programs(activation)
        if programs is not None and not overwrites(programs.backward):
            current, other = other, current
        pieces.append((upstream, current))
        current, other = other, current
    return pieces[::-1]


def _packed(layer: LayerLayout) -> int:
    """Return the size of the weights, packed: a row per input."""
    return layer.inputs * LINE * -(-layer.outputs // LINE)


def _in_use(layer: LayerLayout, chunk: int) -> int:
    """Return what a layer that streams needs at a time: its neurons' or inputs' weights, or gradients, or all
    samples of a chunk and what some neurons make of them."""
    samples = LINE * -(-chunk // LINE)
    return max(
        NEAREST,
        layer.inputs * AHEAD,
        layer.outputs * BACK,
        layer.inputs * BLOCK,
        layer.inputs * samples + NEURONS * (samples + LINE),
    )


def _program(name: str, shelved: Shelved | None) -> dict[str, int]:
    if shelved is None:
        return {}
    return {
        f"{name}_known": shelved.number,
        f"{name}_begin": shelved.begin,
        f"{name}_end": shelved.end,
        f"{name}_rows": shelved.rows,
    }
