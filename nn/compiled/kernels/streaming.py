"""Layers whose weights do not stay in the nearest cache: a step reads them from memory as seldom as it can.

Once on the way forward and once on the way back, a part at a time, packed into a buffer that stays near or,
where the samples are packed instead, as they are; and once for the update, which follows each block of
gradients at once: these never go to memory.
"""

from __future__ import annotations

from numba import njit

from engine.kernels.machine import NEAREST
from engine.kernels.matmul import PANELS, multiply_add
from engine.kernels.memory import BYTES, get, put
from engine.kernels.nonzero import WORD
from engine.kernels.panels import pack_columns, pack_rows, packed_width, turn
from engine.kernels.skipping import STRIP
from engine.kernels.vectors import VECTOR
from nn.compiled.kernels.products import add_inputs, add_neurons, add_samples
from nn.compiled.kernels.updating import add_penalty_gradient, in_one_row, update

#: Columns that are packed together for tiles, on the way forward and back: those of a tile, and on the way
#: back at least two cache lines, which processors fetch together.
AHEAD, BACK = PANELS * VECTOR, max(PANELS, 2) * VECTOR

#: Terms that are packed together for strips: as many as the nearest cache holds, in whole words of bits.
_TERMS = NEAREST // STRIP // WORD * WORD

#: Fewest samples that vectors lie along on the way forward, and neurons that go through them together: whole
#: tiles, of whatever shape.
_FEWEST_SAMPLES, NEURONS = 32, 48

#: Neurons whose gradients are computed together: enough for the samples to be read from the second cache few
#: times.
BLOCK = 64


@njit(nogil=True, error_model="numpy")
def stream_forward(job, layer, samples, skips):
    """Compute what the layer's neurons make of `samples` rows of `x`.

    Packed are the samples or the weights, whichever are fewer; to skip zeros it has to be the weights.
    """
    if not skips and samples >= _FEWEST_SAMPLES and layer.outputs > samples:
        _by_packed_samples(layer, samples)
    else:
        _by_packed_weights(job, layer, samples, skips)


@njit(nogil=True, error_model="numpy")
def _by_packed_weights(job, layer, samples, skips):
    """Compute it a part of the weights at a time. Vectors lie along the neurons."""
    together = STRIP if skips else AHEAD
    most = _TERMS if skips else layer.inputs
    for first in range(0, layer.outputs, together):
        neurons = min(together, layer.outputs - first)
        for begin in range(0, layer.inputs, most):
            inputs = min(most, layer.inputs - begin)
            weights = layer.weights + BYTES * (layer.inputs * first + begin)
            pack_columns(weights, layer.inputs, neurons, inputs, layer.packed)
            next_part = most if begin + most < layer.inputs else layer.inputs * together - begin
            soon = (weights + BYTES * next_part, layer.inputs)
            add_inputs(job, layer, samples, first, neurons, begin, inputs, soon, skips)


@njit(nogil=True, error_model="numpy")
def _by_packed_samples(layer, samples):
    """Compute it some neurons at a time, their weights read as they are. Vectors lie along the samples."""
    inputs, width = layer.inputs, packed_width(samples)
    for first in range(0, samples, AHEAD):
        x, into = layer.x + BYTES * layer.x_stride * first, layer.packed + BYTES * inputs * first
        pack_columns(x, layer.x_stride, min(AHEAD, samples - first), inputs, into)
    biases = layer.packed + BYTES * inputs * width
    sums = biases + BYTES * VECTOR * NEURONS
    for first in range(0, layer.outputs, NEURONS):
        neurons = min(NEURONS, layer.outputs - first)
        weights = (layer.weights + BYTES * inputs * first, inputs, 1)
        for neuron in range(neurons):
            for lane in range(VECTOR):
                put(biases, VECTOR * neuron + lane, get(layer.biases, first + neuron))
        for sample in range(0, samples, AHEAD):
            lanes = min(AHEAD, samples - sample)
            x = (layer.packed + BYTES * inputs * sample, packed_width(lanes))
            into = (sums + BYTES * sample, width)
            multiply_add((neurons, lanes, inputs), weights, x, (biases, VECTOR, 0), into)
        turn(sums, width, neurons, samples, layer.z + BYTES * first, layer.stride)


@njit(nogil=True, error_model="numpy")
def stream_back(job, layer, target, samples, skips):
    """Compute the gradients with respect to the layer's inputs, a part of the weights at a time."""
    together = STRIP if skips else BACK
    most = _TERMS if skips else layer.outputs
    for first in range(0, layer.inputs, together):
        columns = min(together, layer.inputs - first)
        packed, upstream = (layer.packed, packed_width(columns)), target + BYTES * first
        for begin in range((layer.outputs - 1) // most * most, -1, -most):
            neurons = min(most, layer.outputs - begin)
            weights = layer.weights + BYTES * (layer.inputs * begin + first)
            pack_rows(weights, layer.inputs, neurons, columns, layer.packed)
            soon = (weights - BYTES * layer.inputs * most, layer.inputs)
            add_neurons(job, layer, samples, begin, neurons, packed, columns, upstream, soon, skips)


@njit(nogil=True, error_model="numpy")
def stream_update(job, layer, samples, begins, skips):
    """Complete the weights' gradients, a block of neurons at a time, and update all parameters of the layer.

    Those of the biases are complete. Many neurons go through a strip of the inputs before the next, for which
    the samples are packed: their rows are far apart, each on a page of its own, and a processor has no more
    than 64 to 96 pages at hand.
    """
    by_strips = skips and layer.by_strips
    together = STRIP if by_strips else layer.inputs
    for begin in range(0, layer.inputs, together):
        inputs = min(together, layer.inputs - begin)
        x = (layer.x + BYTES * begin, layer.x_stride)
        if by_strips:
            pack_rows(x[0], x[1], samples, inputs, job.strip)
            x = (job.strip, packed_width(inputs))
        for first in range(0, layer.outputs, BLOCK):
            neurons = min(BLOCK, layer.outputs - first)
            weights, into = layer.weights + BYTES * (layer.inputs * first + begin), (layer.packed, inputs)
            soon = (weights, layer.inputs)
            add_samples(job, layer, samples, first, neurons, begin, inputs, x, begins, into, soon, skips)
            shape = (neurons, inputs, layer.inputs) if by_strips else in_one_row(neurons * inputs)
            add_penalty_gradient(job, weights, shape, layer.packed)
            update(job, weights, shape, layer.packed)
    update(job, layer.biases, in_one_row(layer.outputs), layer.bias_gradients)
