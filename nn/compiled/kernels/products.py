"""The three products of a layer and a chunk of samples: its sums, and what goes back to inputs and weights.

Terms that are zero are left out where a layer has so many that it pays: behind relus, and in data that are
mostly zeros. That changes no bit (see `engine.kernels.skipping`), so nobody needs to know which way was
taken. What it needs is seen to here: biases other than -0.0, and inputs that are finite. A weight that is not
finite stays so (see `nn.optimizers`): the epoch ends as one that has diverged, and all of it is taken back.

`soon` is what will be read next (see `engine.kernels.skipping`).
"""

from __future__ import annotations

from numba import njit

from engine.kernels.matmul import multiply_add
from engine.kernels.memory import BYTES
from engine.kernels.nonzero import (
    WORD,
    all_finite,
    has_many_zeros,
    has_minus_zero,
    note_rows,
)
from engine.kernels.panels import pack_columns, packed_width
from engine.kernels.skipping import FEWEST_COLUMNS, FEWEST_TERMS, multiply_add_some
from engine.kernels.vectors import VECTOR


@njit(nogil=True, error_model="numpy", inline="always")
def notes_inputs(job, layer, samples):
    """Return whether the layer's sums shall skip inputs that are zero; these are noted then."""
    if layer.outputs < FEWEST_COLUMNS or layer.inputs < FEWEST_TERMS:
        return False
    return _notes_inputs(job, layer, samples)


@njit(nogil=True, error_model="numpy")
def _notes_inputs(job, layer, samples):
    if not has_many_zeros(layer.x, layer.x_stride, samples, layer.inputs):
        return False
    if has_minus_zero(layer.biases, layer.outputs):
        return False
    note_rows(layer.x, layer.x_stride, samples, layer.inputs, job.words, False)
    return True


@njit(nogil=True, error_model="numpy", inline="always")
def has_silent_neurons(layer, samples):
    """Return whether many neurons' `delta` is zero and there are gradients that may skip them."""
    if layer.inputs < FEWEST_COLUMNS or max(layer.outputs, samples) < FEWEST_TERMS:
        return False
    return has_many_zeros(layer.delta, layer.stride, samples, layer.outputs)


@njit(nogil=True, error_model="numpy", inline="always")
def notes_neurons(job, layer, samples):
    """Return whether the gradients of the layer's inputs shall skip silent neurons; these are noted then."""
    if layer.outputs < FEWEST_TERMS:
        return False
    note_rows(layer.delta, layer.stride, samples, layer.outputs, job.words, True)
    return True


@njit(nogil=True, error_model="numpy", inline="always")
def notes_samples(job, layer, samples, is_first):
    """Return whether the gradients of a neuron's weights shall skip samples that it was silent for."""
    if samples < FEWEST_TERMS or layer.across:
        return False
    if not (job.inputs_finite if is_first else all_finite(layer.x, layer.x_stride, samples, layer.inputs)):
        return False
    pack_columns(layer.delta, layer.stride, samples, layer.outputs, job.turned)
    note_rows(job.turned, packed_width(samples), layer.outputs, samples, job.words, False)
    return True


@njit(nogil=True, error_model="numpy", inline="always")
def add_inputs(job, layer, samples, first, neurons, begin, inputs, soon, skips):
    """Add the terms of so many inputs from `begin` on to the sums of so many neurons from `first` on, whose
    weights are packed."""
    shape, x = (samples, neurons, inputs), (layer.x + BYTES * begin, layer.x_stride, 1)
    weights, z = (layer.packed, packed_width(neurons)), (layer.z + BYTES * first, layer.stride)
    biases = (layer.biases + BYTES * first, 0, VECTOR)
    start = biases if begin == 0 else (layer.z + BYTES * first, layer.stride, VECTOR)
    if skips:
        words = (job.words + BYTES * (begin // WORD), (layer.inputs + WORD - 1) // WORD, 0)
        multiply_add_some(shape, x, weights, start, z, words, soon)
    else:
        multiply_add(shape, x, weights, start, z)


@njit(nogil=True, error_model="numpy", inline="always")
def add_neurons(job, layer, samples, begin, neurons, weights, columns, target, soon, skips):
    """Add the terms of so many neurons from `begin` on, from the last to the first as `Value.backward` does,
    to the gradients of so many inputs at `target`.

    Their `weights` are an address and the distance from neuron to neuron.
    """
    shape, upstream = (samples, columns, neurons), (target, layer.x_stride)
    zeros, last = (job.zeros, 0, 0), neurons - 1
    start = zeros if begin + neurons == layer.outputs else (target, layer.x_stride, VECTOR)
    delta = layer.delta + BYTES * begin
    address, width = weights
    if skips:
        words = (job.words + BYTES * (begin // WORD), (layer.outputs + WORD - 1) // WORD, 1)
        multiply_add_some(shape, (delta, layer.stride, 1), weights, start, upstream, words, soon)
    else:
        backwards = (delta + BYTES * last, layer.stride, -1)
        multiply_add(shape, backwards, (address + BYTES * width * last, -width), start, upstream)


@njit(nogil=True, error_model="numpy", inline="always")
def add_samples(job, layer, samples, first, neurons, begin, inputs, x, begins, into, soon, skips):
    """Add the samples to the gradients of so many neurons' weights of so many inputs, from `first` and
    `begin` on, and write them to `into`: an address and the distance from neuron to neuron.

    `x` is where those inputs are, an address and the distance from sample to sample. `begins`: the samples
    are the batch's first.
    """
    shape = (neurons, inputs, samples)
    so_far = (layer.weight_gradients + BYTES * (layer.inputs * first + begin), layer.inputs, VECTOR)
    start = (job.zeros, 0, 0) if begins else so_far
    if skips:
        width, each = packed_width(samples), (samples + WORD - 1) // WORD
        turned = (job.turned + BYTES * width * first, width, 1)
        words = (job.words + BYTES * each * first, each, 0)
        multiply_add_some(shape, turned, x, start, into, words, soon)
    else:
        delta = (layer.delta + BYTES * first, 1, layer.stride)
        multiply_add(shape, delta, x, start, into)
