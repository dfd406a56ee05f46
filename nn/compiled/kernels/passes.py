"""Forward and backward through the layers, for a chunk of samples at once."""

from __future__ import annotations

from numba import njit

from engine.kernels.matmul import multiply_add
from engine.kernels.memory import BYTES, get, put
from engine.kernels.panels import pack_neurons
from engine.kernels.vectors import VECTOR
from nn.compiled.kernels.elementwise import run
from nn.compiled.kernels.streaming import stream_back, stream_forward, stream_update


@njit(nogil=True, error_model="numpy", inline="always")
def pack(layers):
    """Lay the weights that stay near out as the tiles read them; to be done whenever they have changed."""
    for place in range(len(layers)):
        layer = layers[place]
        if not layer.streams:
            pack_neurons(layer.biases, layer.weights, layer.inputs, layer.outputs, layer.panels)


@njit(nogil=True, error_model="numpy", inline="always")
def forward(layers, code, rows, samples):
    """Compute what every layer makes of the first `samples` rows of the first layer's `x`."""
    for place in range(len(layers)):
        layer = layers[place]
        if layer.streams:
            stream_forward(layer, samples)
        else:
            panel_size = VECTOR * (layer.inputs + 1)
            multiply_add(
                (samples, layer.outputs, layer.inputs),
                (layer.x, layer.x_stride, 1),
                (layer.panels + BYTES * VECTOR, VECTOR, panel_size),
                (layer.panels, 0, panel_size),
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
def backward(job, layers, code, rows, samples, begins, updates):
    """Add the gradients of a chunk's samples, in order, to the parameters'.

    `begins`: they are the batch's first; `updates`: they are its last, and layers that stream shall update
    their parameters. The last layer's `upstream` holds the gradients with respect to its outputs. A neuron's
    gradients are summed over the neurons it feeds from the last to the first, as `Value.backward` does.
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
        if place > 0:
            if layer.streams:
                stream_back(job, layer, layers[place - 1].upstream, samples)
            else:
                _pass_back(job, layer, layers[place - 1].upstream, samples)
        _add_bias_gradients(job, layer, samples, begins)
        if layer.streams and updates:
            stream_update(job, layer, samples, begins)
        else:
            _add_weight_gradients(job, layer, samples, begins)


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
def _add_weight_gradients(job, layer, samples, begins):
    if layer.across:
        collected = (layer.collected, layer.collected_stride, VECTOR)
        multiply_add(
            (layer.inputs + 1, layer.outputs, samples),
            (layer.x, 1, layer.x_stride),
            (layer.delta, layer.stride, VECTOR),
            (job.zeros, 0, 0) if begins else collected,
            (layer.collected, layer.collected_stride),
        )
    else:
        weights = (layer.weight_gradients, layer.inputs, VECTOR)
        multiply_add(
            (layer.outputs, layer.inputs, samples),
            (layer.delta, 1, layer.stride),
            (layer.x, layer.x_stride, VECTOR),
            (job.zeros, 0, 0) if begins else weights,
            (layer.weight_gradients, layer.inputs),
        )


@njit(nogil=True, error_model="numpy", inline="always")
def _add_bias_gradients(job, layer, samples, begins):
    if not layer.across:
        biases = (layer.bias_gradients, 0, VECTOR)
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
        (layer.weights + BYTES * last * layer.inputs, -layer.inputs, VECTOR),
        (job.zeros, 0, 0),
        (target, layer.x_stride),
    )
