"""Forward and backward through the layers, for a chunk of samples at once."""

from __future__ import annotations

from numba import njit

from engine.kernels.lanes import run_program
from engine.kernels.matmul import multiply_add
from engine.kernels.memory import BYTES
from engine.kernels.panels import pack_columns, pack_rows
from engine.kernels.tile import VECTOR

#: Lanes on which an activation's program is run at a time: its temporaries then stay in the nearest cache.
BLOCK = 512


@njit(nogil=True, error_model="numpy", inline="always")
def pack(layers):
    """Lay the weights out as the tiles read them; to be done whenever parameters have changed.

    A forward panel begins with its biases and goes on with one row per input, so that the bias is where the
    sum of a neuron starts.
    """
    for place in range(len(layers)):
        layer = layers[place]
        panel_size = VECTOR * (layer.inputs + 1)
        pack_columns(layer.biases, layer.outputs, 1, layer.forward_panels, panel_size)
        pack_columns(
            layer.weights, layer.outputs, layer.inputs, layer.forward_panels + BYTES * VECTOR, panel_size
        )
        if place > 0:
            pack_rows(layer.weights, layer.outputs, layer.inputs, layer.backward_panels)


@njit(nogil=True, error_model="numpy", inline="always")
def forward(layers, code, rows, samples):
    """Compute what every layer makes of the first `samples` rows of the first layer's `x`."""
    for place in range(len(layers)):
        layer = layers[place]
        panel_size = VECTOR * (layer.inputs + 1)
        multiply_add(
            (samples, layer.outputs, layer.inputs),
            (layer.x, layer.x_stride, 1),
            (layer.forward_panels + BYTES * VECTOR, VECTOR, panel_size),
            (layer.forward_panels, 0, panel_size),
            (layer.z, layer.stride),
        )
        if layer.activates:
            lanes = samples * layer.stride
            for first in range(0, lanes, BLOCK):
                rows[layer.forward_rows] = layer.z + BYTES * first
                rows[layer.forward_rows + 2] = layer.a + BYTES * first
                run_program(
                    code,
                    layer.forward_begin,
                    layer.forward_end,
                    rows,
                    layer.forward_rows,
                    min(BLOCK, lanes - first),
                )


@njit(nogil=True, error_model="numpy", inline="always")
def backward(job, layers, code, rows, samples, begins):
    """Add the gradients of a chunk's samples, in order, to the parameters'; `begins`: they are the batch's
    first.

    `job.upstream` holds the gradients with respect to the last layer's outputs. A neuron's gradients are
    summed over the neurons it feeds from the last to the first, as `Value.backward` does.
    """
    for place in range(len(layers) - 1, -1, -1):
        layer = layers[place]
        delta = job.upstream
        if layer.activates:
            delta = job.delta
            lanes = samples * layer.stride
            for first in range(0, lanes, BLOCK):
                rows[layer.backward_rows] = layer.z + BYTES * first
                rows[layer.backward_rows + 1] = layer.a + BYTES * first
                rows[layer.backward_rows + 2] = job.upstream + BYTES * first
                rows[layer.backward_rows + 3] = delta + BYTES * first
                run_program(
                    code,
                    layer.backward_begin,
                    layer.backward_end,
                    rows,
                    layer.backward_rows,
                    min(BLOCK, lanes - first),
                )
        _add_parameter_gradients(job, layer, delta, samples, begins)
        if place > 0:
            _pass_back(job, layer, delta, samples)


@njit(nogil=True, error_model="numpy", inline="always")
def _add_parameter_gradients(job, layer, delta, samples, begins):
    weights = (layer.weight_gradients, layer.inputs, VECTOR)
    biases = (layer.bias_gradients, 0, VECTOR)
    multiply_add(
        (layer.outputs, layer.inputs, samples),
        (delta, 1, layer.stride),
        (layer.x, layer.x_stride, VECTOR),
        (job.zeros, 0, 0) if begins else weights,
        (layer.weight_gradients, layer.inputs),
    )
    multiply_add(
        (1, layer.outputs, samples),
        (job.one, 0, 0),
        (delta, layer.stride, VECTOR),
        (job.zeros, 0, 0) if begins else biases,
        (layer.bias_gradients, 0),
    )


@njit(nogil=True, error_model="numpy", inline="always")
def _pass_back(job, layer, delta, samples):
    """Compute the gradients with respect to a layer's inputs; `delta` may be where they go, so they swap
    places."""
    target = job.upstream if delta == job.delta else job.delta
    last = layer.outputs - 1
    multiply_add(
        (samples, layer.inputs, layer.outputs),
        (delta + BYTES * last, layer.stride, -1),
        (layer.backward_panels + BYTES * VECTOR * last, -VECTOR, VECTOR * layer.outputs),
        (job.zeros, 0, 0),
        (target, layer.x_stride),
    )
    job.delta = delta
    job.upstream = target
