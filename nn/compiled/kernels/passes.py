"""Forward and backward through the layers, for a chunk of samples at once."""

from __future__ import annotations

from numba import njit

from engine.kernels.matmul import multiply_add
from engine.kernels.memory import BYTES, get, put
from engine.kernels.panels import pack_columns, pack_rows
from engine.kernels.vectors import VECTOR
from nn.compiled.kernels.elementwise import run


@njit(nogil=True, error_model="numpy", inline="always")
def pack(layers):
    """Lay all parameters out as the tiles read them; to be done whenever they have changed."""
    for place in range(len(layers)):
        pack_biases(layers[place])
        pack_weights(layers[place], 0, layers[place].outputs)


@njit(nogil=True, error_model="numpy")
def pack_biases(layer):
    """Lay a layer's biases out: the first row of each panel, where the sums of its neurons start."""
    pack_rows(layer.biases, 1, layer.outputs, layer.forward_panels, VECTOR * (layer.inputs + 1))


@njit(nogil=True, error_model="numpy")
def pack_weights(layer, first, rows):
    """Lay the weights of `rows` neurons out from neuron `first` on, a multiple of 8.

    A forward panel has one row per input, after that of the biases; one for the way back a row per neuron.
    """
    weights = layer.weights + BYTES * layer.inputs * first
    panel_size = VECTOR * (layer.inputs + 1)
    panels = layer.forward_panels + BYTES * (VECTOR + panel_size * (first // VECTOR))
    pack_columns(weights, rows, layer.inputs, panels, panel_size)
    if layer.packs_backward:
        panels = layer.backward_panels + BYTES * VECTOR * first
        pack_rows(weights, rows, layer.inputs, panels, VECTOR * layer.outputs)


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
            run(
                code,
                rows,
                layer.forward_known,
                layer.forward_begin,
                layer.forward_end,
                layer.forward_rows,
                samples * layer.stride,
            )


@njit(nogil=True, error_model="numpy", inline="always")
def backward(job, layers, code, rows, samples, begins):
    """Add the gradients of a chunk's samples, in order, to the parameters'; `begins`: they are the batch's
    first.

    The last layer's `upstream` holds the gradients with respect to its outputs. A neuron's gradients are
    summed over the neurons it feeds from the last to the first, as `Value.backward` does.
    """
    for place in range(len(layers) - 1, -1, -1):
        layer = layers[place]
        if layer.activates:
            run(
                code,
                rows,
                layer.backward_known,
                layer.backward_begin,
                layer.backward_end,
                layer.backward_rows,
                samples * layer.stride,
            )
        _add_parameter_gradients(job, layer, samples, begins)
        if place > 0:
            _pass_back(job, layer, layers[place - 1].upstream, samples)


@njit(nogil=True, error_model="numpy", inline="always")
def bring_home(layers):
    """Bring gradients that were collected across to where the others are: at the end of a batch."""
    for place in range(len(layers)):
        layer = layers[place]
        if layer.across:
            for j in range(layer.outputs):
                into = layer.weight_gradients + BYTES * layer.inputs * j
                for i in range(layer.inputs):
                    put(into, i, get(layer.collected, i * layer.collected_stride + j))
                put(layer.bias_gradients, j, get(layer.collected, layer.inputs * layer.collected_stride + j))


@njit(nogil=True, error_model="numpy", inline="always")
def _add_parameter_gradients(job, layer, samples, begins):
    if layer.across:
        collected = (layer.collected, layer.collected_stride, VECTOR)
        multiply_add(
            (layer.inputs + 1, layer.outputs, samples),
            (layer.x, 1, layer.x_stride),
            (layer.delta, layer.stride, VECTOR),
            (job.zeros, 0, 0) if begins else collected,
            (layer.collected, layer.collected_stride),
        )
        return
    weights = (layer.weight_gradients, layer.inputs, VECTOR)
    biases = (layer.bias_gradients, 0, VECTOR)
    multiply_add(
        (layer.outputs, layer.inputs, samples),
        (layer.delta, 1, layer.stride),
        (layer.x, layer.x_stride, VECTOR),
        (job.zeros, 0, 0) if begins else weights,
        (layer.weight_gradients, layer.inputs),
    )
    multiply_add(
        (1, layer.outputs, samples),
        (job.one, 0, 0),
        (layer.delta, layer.stride, VECTOR),
        (job.zeros, 0, 0) if begins else biases,
        (layer.bias_gradients, 0),
    )


@njit(nogil=True, error_model="numpy", inline="always")
def _pass_back(job, layer, target, samples):
    """Compute the gradients with respect to a layer's inputs, beginning with its last neuron."""
    last = layer.outputs - 1
    multiply_add(
        (samples, layer.inputs, layer.outputs),
        (layer.delta + BYTES * last, layer.stride, -1),
        (
            layer.backward_panels + BYTES * last * layer.backward_step,
            -layer.backward_step,
            layer.backward_panel,
        ),
        (job.zeros, 0, 0),
        (target, layer.x_stride),
    )
