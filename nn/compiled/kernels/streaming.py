"""Layers whose weights do not stay in the nearest cache: a step reads them from memory as seldom as it can.

Once on the way forward and once on the way back, a few panels at a time, packed into a buffer that stays
near; and once for the update, which follows each block of gradients at once: these never go to memory.
"""

from __future__ import annotations

from numba import njit

from engine.kernels.matmul import PANELS, multiply_add
from engine.kernels.memory import BYTES
from engine.kernels.panels import pack_neurons, pack_rows
from engine.kernels.vectors import VECTOR
from nn.compiled.kernels.updating import add_penalty_gradient, update

#: Neurons whose weights are packed together on the way forward: those of a tile.
AHEAD = PANELS * VECTOR

#: Columns of the weights that go back together: those of a tile, and at least two cache lines, which
#: processors fetch together.
BACK = max(PANELS, 2) * VECTOR

#: Neurons whose gradients are computed together: those of a tile.
BLOCK = 24


@njit(nogil=True, error_model="numpy")
def stream_forward(layer, samples):
    """Compute what the layer's neurons make of `samples` rows of `x`, a few panels at a time."""
    panel_size = VECTOR * (layer.inputs + 1)
    for first in range(0, layer.outputs, AHEAD):
        neurons = min(AHEAD, layer.outputs - first)
        biases, weights = layer.biases + BYTES * first, layer.weights + BYTES * layer.inputs * first
        pack_neurons(biases, weights, layer.inputs, neurons, layer.panels)
        multiply_add(
            (samples, neurons, layer.inputs),
            (layer.x, layer.x_stride, 1),
            (layer.panels + BYTES * VECTOR, VECTOR, panel_size),
            (layer.panels, 0, panel_size),
            (layer.z + BYTES * first, layer.stride),
        )


@njit(nogil=True, error_model="numpy")
def stream_back(job, layer, target, samples):
    """Compute the gradients with respect to the layer's inputs, beginning with its last neuron."""
    last, panel_size = layer.outputs - 1, VECTOR * layer.outputs
    for first in range(0, layer.inputs, BACK):
        columns = min(BACK, layer.inputs - first)
        pack_rows(
            layer.weights + BYTES * first, layer.inputs, layer.outputs, columns, layer.panels, panel_size
        )
        multiply_add(
            (samples, columns, layer.outputs),
            (layer.delta + BYTES * last, layer.stride, -1),
            (layer.panels + BYTES * VECTOR * last, -VECTOR, panel_size),
            (job.zeros, 0, 0),
            (target + BYTES * first, layer.x_stride),
        )


@njit(nogil=True, error_model="numpy")
def stream_update(job, layer, samples, begins):
    """Complete the weights' gradients, a block of neurons at a time, and update all parameters of the layer.

    Those of the biases are complete.
    """
    for first in range(0, layer.outputs, BLOCK):
        neurons = min(BLOCK, layer.outputs - first)
        so_far = layer.weight_gradients + BYTES * layer.inputs * first
        multiply_add(
            (neurons, layer.inputs, samples),
            (layer.delta + BYTES * first, 1, layer.stride),
            (layer.x, layer.x_stride, VECTOR),
            (job.zeros, 0, 0) if begins else (so_far, layer.inputs, VECTOR),
            (layer.panels, layer.inputs),
        )
        weights, count = layer.weights + BYTES * layer.inputs * first, layer.inputs * neurons
        add_penalty_gradient(job, weights, layer.panels, count)
        update(job, weights, layer.panels, count)
    update(job, layer.biases, layer.bias_gradients, layer.outputs)
