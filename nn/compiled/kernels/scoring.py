"""The loss of a chunk of samples, its gradients, and the sums of the epoch's metrics."""

from __future__ import annotations

from numba import njit

from engine.kernels.memory import BYTES, get, put
from engine.kernels.rows import gather_rows
from nn.compiled.kernels.elementwise import run


@njit(nogil=True, error_model="numpy", inline="always")
def score(job, layer, code, rows, targets, order, first, samples, with_gradient):
    """Add samples to the running sums; with gradients, leave those of the predictions in `layer.upstream`.

    The samples are the first rows of the last layer's `a`; their targets are those of `order[first]` on, in
    the rows at `targets`. A loss with one term per output, all alike, has all outputs of all samples for
    lanes; any other the samples.
    """
    alike = job.loss_width == 1
    if alike or not job.classification:
        gather_rows(targets, job.outputs, order, first, samples, job.wanted, layer.stride)
    if not alike:
        _gather(job, layer, rows, targets, order, first, samples)
    end = job.loss_end if with_gradient else job.loss_values
    lanes = samples * layer.stride if alike else samples
    run(code, rows, job.loss_known, job.loss_begin, end, job.loss_rows, lanes)
    if with_gradient and not alike:
        _scatter(job, layer, rows, samples)

    _add_losses(job, rows[job.loss_rows + 2 * job.loss_width + 1], layer.stride if alike else 1, samples)
    if job.classification:
        _count_right(job, layer, targets, order, first, samples)
    else:
        _add_residuals(job, layer, samples)


@njit(nogil=True, error_model="numpy", inline="always")
def _gather(job, layer, rows, targets, order, first, samples):
    """Bring predictions and targets into the rows of a loss's program that has samples for lanes."""
    outputs = job.outputs
    for j in range(outputs):
        into, wanted = rows[job.loss_rows + j], rows[job.loss_rows + outputs + j]
        for s in range(samples):
            put(into, s, get(layer.a, s * layer.stride + j))
            put(wanted, s, get(targets, outputs * order[first + s] + j))


@njit(nogil=True, error_model="numpy", inline="always")
def _scatter(job, layer, rows, samples):
    """Take the predictions' gradients out of the rows of a loss's program that has samples for lanes."""
    first_gradient = job.loss_rows + 2 * job.outputs + 2
    for j in range(job.outputs):
        source = rows[first_gradient + j]
        for s in range(samples):
            put(layer.upstream, s * layer.stride + j, get(source, s))


@njit(nogil=True, error_model="numpy", inline="always")
def _add_losses(job, losses, distance, samples):
    """Add the samples' losses one by one to the running loss: each the sum of its terms."""
    terms = job.outputs if job.loss_width == 1 else 1
    total = job.running_loss
    for s in range(samples):
        loss = get(losses, s * distance)
        for term in range(1, terms):
            loss += get(losses, s * distance + term)
        total += loss
    job.running_loss = total


@njit(nogil=True, error_model="numpy", inline="always")
def _add_residuals(job, layer, samples):
    """Add the samples' squared distances to each output's running residual.

    Four outputs at a time, since each one's sum has to wait for its last term.
    """
    residual, predictions, targets, stride = job.running_residual, layer.a, job.wanted, layer.stride
    together = job.outputs // 4 * 4
    for j in range(0, together, 4):
        a, b = get(residual, j), get(residual, j + 1)
        c, d = get(residual, j + 2), get(residual, j + 3)
        for s in range(samples):
            at = s * stride + j
            a += _squared(get(predictions, at) - get(targets, at))
            b += _squared(get(predictions, at + 1) - get(targets, at + 1))
            c += _squared(get(predictions, at + 2) - get(targets, at + 2))
            d += _squared(get(predictions, at + 3) - get(targets, at + 3))
        put(residual, j, a)
        put(residual, j + 1, b)
        put(residual, j + 2, c)
        put(residual, j + 3, d)
    for j in range(together, job.outputs):
        a = get(residual, j)
        for s in range(samples):
            a += _squared(get(predictions, s * stride + j) - get(targets, s * stride + j))
        put(residual, j, a)


@njit(inline="always")
def _squared(x):
    return x * x


@njit(nogil=True, error_model="numpy", inline="always")
def _count_right(job, layer, targets, order, first, samples):
    for s in range(samples):
        row = layer.a + BYTES * layer.stride * s
        wanted = targets + BYTES * job.outputs * order[first + s]
        job.running_right += _is_right(row, wanted, job.outputs)


@njit(nogil=True, error_model="numpy", inline="always")
def _is_right(predictions, targets, outputs):
    """Return whether the predicted class is the target's, as `nn.metrics.is_right` defines it."""
    if outputs == 1:
        return (get(predictions, 0) > 0.0) == (get(targets, 0) > 0.0)
    predicted = wanted = 0
    for j in range(1, outputs):
        if get(predictions, j) > get(predictions, predicted):
            predicted = j
        if get(targets, j) > get(targets, wanted):
            wanted = j
    return predicted == wanted


@njit(nogil=True, error_model="numpy", inline="always")
def r2(residual, squares):
    """Return the R^2 of residuals at an address, as `nn.metrics.r2` defines it."""
    total = 0.0
    for j in range(len(squares)):
        left = get(residual, j)
        if squares[j] > 0.0:
            total += 1.0 - left / squares[j]
        elif left == 0.0:
            total += 1.0
    return total / len(squares)
