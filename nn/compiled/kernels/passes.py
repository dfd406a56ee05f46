"""Forward and backward through the layers, for a chunk of samples at once."""

from __future__ import annotations

from numba import njit

from engine.kernels.matmul import multiply_add
from engine.kernels.memory import get, put
from engine.kernels.panels import pack_columns
from engine.kernels.vectors import VECTOR
from nn.compiled.kernels.elementwise import run
from nn.compiled.kernels.products import (
    add_inputs,
    add_neurons,
    add_samples,
    has_silent_neurons,
    notes_inputs,
    notes_neurons,
    notes_samples,
)
from nn.compiled.kernels.streaming import stream_back, stream_forward, stream_update


@njit(nogil=True, error_model="numpy", inline="always")
def pack(layers):
    """Lay the weights that stay near out as the tiles read them; to be done whenever they have changed."""
    for place in range(len(layers)):
        layer = layers[place]
        if not layer.streams:
            pack_columns(layer.weights, layer.inputs, layer.outputs, layer.inputs, layer.packed)


@njit(nogil=True, error_model="numpy", inline="always")
def forward(job, layers, code, rows, samples):
    """Compute what every layer makes of the first `samples` rows of the first layer's `x`."""
    for place in range(len(layers)):
        layer = layers[place]
        skips = notes_inputs(job, layer, samples)
        if layer.streams:
            stream_forward(job, layer, samples, skips)
        else:
            soon = (layer.weights, 0)
            add_inputs(job, layer, samples, 0, layer.outputs, 0, layer.inputs, soon, skips)
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
def backward(job, layers, code, rows, samples, begins, updates):
    """Add the gradients of a chunk's samples, in order, to the parameters'.

    `begins`: they are the batch's first; `updates`: they are its last, and layers that stream shall update
    their parameters. The last layer's `upstream` holds the gradients with respect to its outputs.
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
        silent = has_silent_neurons(layer, samples)
        if place > 0:
            upstream, skips = layers[place - 1].upstream, silent and notes_neurons(job, layer, samples)
            if layer.streams:
                stream_back(job, layer, upstream, samples, skips)
            else:
                weights = (layer.weights, layer.inputs)
                add_neurons(
                    job, layer, samples, 0, layer.outputs, weights, layer.inputs, upstream, weights, skips
                )
        _add_bias_gradients(job, layer, samples, begins)
        skips = silent and notes_samples(job, layer, samples, place == 0)
        if layer.streams and updates:
            stream_update(job, layer, samples, begins, skips)
        elif layer.across:
            _add_across(job, layer, samples, begins)
        else:
            x, into = (layer.x, layer.x_stride), (layer.weight_gradients, layer.inputs)
            soon = (layer.weights, layer.inputs)
            add_samples(job, layer, samples, 0, layer.outputs, 0, layer.inputs, x, begins, into, soon, skips)


@njit(nogil=True, error_model="numpy", inline="always")
def bring_home(layers):
    """Bring gradients that were collected across to where the others are: at the end of a batch."""
    for place in range(len(layers)):
        layer = layers[place]
        if layer.across:
            inputs, stride, collected = layer.inputs, layer.collected_stride, layer.collected
            weights, biases = layer.weight_gradients, layer.bias_gradients
            for j in range(layer.outputs):
                for i in range(inputs):
                    put(weights, inputs * j + i, get(collected, stride * i + j))
                put(biases, j, get(collected, stride * inputs + j))


@njit(nogil=True, error_model="numpy", inline="always")
def _add_across(job, layer, samples, begins):
    collected = (layer.collected, layer.collected_stride, VECTOR)
    multiply_add(
        (layer.inputs + 1, layer.outputs, samples),
        (layer.x, 1, layer.x_stride),
        (layer.delta, layer.stride),
        (job.zeros, 0, 0) if begins else collected,
        (layer.collected, layer.collected_stride),
    )


@njit(nogil=True, error_model="numpy", inline="always")
def _add_bias_gradients(job, layer, samples, begins):
    if not layer.across:
        biases = (layer.bias_gradients, 0, VECTOR)
        multiply_add(
            (1, layer.outputs, samples),
            (job.one, 0, 0),
            (layer.delta, layer.stride),
            (job.zeros, 0, 0) if begins else biases,
            (layer.bias_gradients, 0),
        )
