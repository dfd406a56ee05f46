"""The loss of a chunk of samples, its gradients, and the sums of the epoch's metrics."""

from __future__ import annotations

from numba import njit

from engine.kernels.lanes import run_program
from engine.kernels.memory import BYTES, get, put


@njit(nogil=True, error_model="numpy", inline="always")
def score(job, layers, code, rows, targets, order, first, samples, with_gradient):
    """Add samples to the running sums; with gradients, leave those of the predictions in `job.upstream`.

    The samples are the first rows of the last layer's `a`; their targets are those of `order[first]` on.
    """
    layer = layers[len(layers) - 1]
    outputs = job.outputs
    together = max(1, job.loss_lanes // outputs) if job.loss_width == 1 else job.loss_lanes
    for done in range(0, samples, together):
        count = min(together, samples - done)
        predictions = layer.a + BYTES * layer.stride * done
        _gather(job, rows, predictions, layer.stride, targets, order, first + done, count)
        end = job.loss_end if with_gradient else job.loss_values
        lanes = count * outputs if job.loss_width == 1 else count
        run_program(code, job.loss_begin, end, rows, job.loss_rows, lanes)
        _add(job, rows, predictions, layer.stride, targets, order, first + done, count)
        if with_gradient:
            _scatter(job, rows, job.upstream + BYTES * layer.stride * done, layer.stride, count)


@njit(nogil=True, error_model="numpy", inline="always")
def _gather(job, rows, predictions, stride, targets, order, first, count):
    """Bring predictions and targets into the rows of the loss's program.

    A loss with one term per output has the outputs of all samples for lanes. Any other has the samples for
    lanes and a row for each output.
    """
    outputs = job.outputs
    if job.loss_width == 1:
        into, wanted = rows[job.loss_rows], rows[job.loss_rows + 1]
        for s in range(count):
            for j in range(outputs):
                put(into, s * outputs + j, get(predictions, s * stride + j))
                put(wanted, s * outputs + j, targets[order[first + s], j])
    else:
        for j in range(outputs):
            into, wanted = rows[job.loss_rows + j], rows[job.loss_rows + outputs + j]
            for s in range(count):
                put(into, s, get(predictions, s * stride + j))
                put(wanted, s, targets[order[first + s], j])


@njit(nogil=True, error_model="numpy", inline="always")
def _scatter(job, rows, upstream, stride, count):
    """Take the predictions' gradients out of the rows of the loss's program."""
    outputs, width = job.outputs, job.loss_width
    first_gradient = job.loss_rows + 2 * width + 2
    if width == 1:
        source = rows[first_gradient]
        for s in range(count):
            for j in range(outputs):
                put(upstream, s * stride + j, get(source, s * outputs + j))
    else:
        for j in range(outputs):
            source = rows[first_gradient + j]
            for s in range(count):
                put(upstream, s * stride + j, get(source, s))


@njit(nogil=True, error_model="numpy", inline="always")
def _add(job, rows, predictions, stride, targets, order, first, count):
    """Add samples one by one to the running loss and to the score's sums."""
    outputs = job.outputs
    losses = rows[job.loss_rows + 2 * job.loss_width + 1]
    terms = outputs if job.loss_width == 1 else 1
    for s in range(count):
        loss = get(losses, s * terms)
        for term in range(1, terms):
            loss += get(losses, s * terms + term)
        job.running_loss += loss
        row = predictions + BYTES * stride * s
        target = targets[order[first + s]]
        if job.classification:
            job.running_right += _is_right(row, target, outputs)
        else:
            for j in range(outputs):
                distance = get(row, j) - target[j]
                put(job.running_residual, j, get(job.running_residual, j) + distance * distance)


@njit(nogil=True, error_model="numpy", inline="always")
def _is_right(predictions, targets, outputs):
    """Return whether the predicted class is the target's, as `nn.metrics.is_right` defines it."""
    if outputs == 1:
        return (get(predictions, 0) > 0.0) == (targets[0] > 0.0)
    predicted = wanted = 0
    for j in range(1, outputs):
        if get(predictions, j) > get(predictions, predicted):
            predicted = j
        if targets[j] > targets[wanted]:
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
