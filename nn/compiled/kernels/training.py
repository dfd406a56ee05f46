"""The training loop, in one kernel: as many epochs, or as small a part of one, as the work allows."""

from __future__ import annotations

from numba import njit

from engine.kernels.memory import get, put
from engine.kernels.rows import gather_rows
from nn.compiled.kernels.passes import backward, bring_home, forward, pack
from nn.compiled.kernels.scheduling import learning_rate
from nn.compiled.kernels.scoring import r2, score
from nn.compiled.kernels.shuffling import put_in_order
from nn.compiled.kernels.updating import (
    add_penalty_gradient,
    begin_update,
    clip,
    in_one_row,
    penalty,
    update,
)

#: What `stop_reason` of a job says.
GOES_ON, MAX_EPOCHS, EARLY_STOPPING = 0, 1, 2


def train(
    jobs,
    layers,
    code,
    rows,
    inputs,
    targets,
    squares,
    held_out_inputs,
    held_out_targets,
    held_out_squares,
    order,
    straight,
    random,
    curve,
    work,
):
    """Train on for about `work` multiply-adds and return how many epochs were completed.

    `squares` are the targets' total squares. `order` is that of the samples in an epoch and `straight` that
    of the validation samples. `curve` gets a row of metrics per epoch completed, and
    no epoch is begun that it has no row for.
    """
    job = jobs[0]
    data = inputs.ctypes.data, targets.ctypes.data, squares
    held_out = held_out_inputs.ctypes.data, held_out_targets.ctypes.data, held_out_squares
    done = 0
    pack(layers)
    while work > 0 and done < len(curve) and job.stop_reason == GOES_ON and job.diverged_in == 0:
        if job.step < job.steps:
            work -= _train_chunk(job, layers, code, rows, data, order, random)
            continue
        if not job.validating:
            _begin_validation(job, layers)
        if job.sample < job.validation_samples:
            work -= _validate_chunk(job, layers, code, rows, held_out, straight)
        if job.sample == job.validation_samples:
            done += _end_epoch(job, data, held_out, curve[done])
    return done


@njit(nogil=True, error_model="numpy", inline="always")
def _train_chunk(job, layers, code, rows, data, order, random):
    """Train on the next samples of the step; complete the step with its last. Return the work done."""
    inputs, targets, _ = data
    if job.shuffle and job.ordered != job.epoch + 1:
        put_in_order(job, order, random)
    begun = job.step * job.batch
    in_batch = min(job.batch, job.samples - begun)
    if job.sample == 0:
        _begin_step(job, rows, in_batch)
    first = begun + job.sample
    samples = min(job.chunk, in_batch - job.sample)
    layer = layers[0]
    gather_rows(inputs, layer.inputs, order, first, samples, layer.x, layer.x_stride)
    forward(job, layers, code, rows, samples)
    score(job, layers[len(layers) - 1], code, rows, targets, order, first, samples, True)
    completes = job.sample + samples == in_batch
    if completes:
        begin_update(job, learning_rate(job))
        job.running_penalty += penalty(job, layers)
    # A limit on the norm of all gradients has to see them all before any is used.
    streams = completes and not job.clips
    backward(job, layers, code, rows, samples, job.sample == 0, streams)
    job.sample += samples
    if not completes:
        return samples * job.sample_work
    _complete_step(job, layers, streams)
    return samples * job.sample_work + job.step_work


@njit(nogil=True, error_model="numpy", inline="always")
def _begin_step(job, rows, samples):
    """Go on from the sums of the completed steps, with gradients for a batch of so many samples."""
    job.running_loss, job.running_penalty, job.running_right = job.loss, job.penalty, job.right
    _copy(job.residual, job.running_residual, job.residuals)
    if job.scaled_for != samples:
        job.scaled_for = samples
        grad = rows[job.loss_rows + 2 * job.loss_width]
        for lane in range(job.loss_lanes):
            put(grad, lane, _scale(job, samples))


@njit(nogil=True, error_model="numpy", inline="always")
def _complete_step(job, layers, streamed):
    """Update the parameters with the gradients of the whole batch; `streamed`: not those of layers that
    stream, which are new already."""
    bring_home(layers)
    for place in range(len(layers)):
        layer = layers[place]
        if not (layer.streams and streamed):
            weights = in_one_row(layer.inputs * layer.outputs)
            add_penalty_gradient(job, layer.weights, weights, layer.weight_gradients)
    if job.clips:
        clip(job)
    if job.streams and streamed:
        for place in range(len(layers)):
            layer = layers[place]
            if not layer.streams:
                parameters = in_one_row((layer.inputs + 1) * layer.outputs)
                update(job, layer.weights, parameters, layer.weight_gradients)
    else:
        update(job, job.parameters, in_one_row(job.count), job.gradients)
    pack(layers)
    job.loss, job.penalty, job.right = job.running_loss, job.running_penalty, job.running_right
    _copy(job.running_residual, job.residual, job.residuals)
    job.step += 1
    job.sample = 0


@njit(nogil=True, error_model="numpy", inline="always")
def _begin_validation(job, layers):
    job.validating = True
    job.running_loss, job.running_penalty, job.running_right = 0.0, 0.0, 0
    for j in range(job.residuals):
        put(job.running_residual, j, 0.0)
    if job.validation_samples > 0:
        job.running_penalty = penalty(job, layers)


@njit(nogil=True, error_model="numpy", inline="always")
def _validate_chunk(job, layers, code, rows, held_out, straight):
    """Add the next validation samples to the running sums. Return the work done."""
    inputs, targets, _ = held_out
    samples = min(job.chunk, job.validation_samples - job.sample)
    layer = layers[0]
    gather_rows(inputs, layer.inputs, straight, job.sample, samples, layer.x, layer.x_stride)
    forward(job, layers, code, rows, samples)
    score(job, layers[len(layers) - 1], code, rows, targets, straight, job.sample, samples, False)
    job.sample += samples
    return samples * job.validation_work


@njit(nogil=True, error_model="numpy", inline="always")
def _end_epoch(job, data, held_out, metrics):
    """Note the epoch's metrics and return 1; or 0 if one of its numbers is not finite: the training has
    diverged."""
    losses = 1 if job.validation_samples == 0 else 2
    metrics[0] = job.loss * _scale(job, job.samples) + job.penalty / job.steps
    metrics[losses] = _score(job, job.right, job.residual, job.samples, data)
    if job.validation_samples > 0:
        metrics[1] = job.running_loss * _scale(job, job.validation_samples) + job.running_penalty / 1
        metrics[3] = _score(job, job.running_right, job.running_residual, job.validation_samples, held_out)
    job.validating = False
    job.sample = 0
    if not (_all_finite(metrics) and _parameters_are_finite(job)):
        job.diverged_in = job.epoch + 1
        return 0
    job.epoch += 1
    job.step = 0
    job.loss, job.penalty, job.right = 0.0, 0.0, 0
    for j in range(job.residuals):
        put(job.residual, j, 0.0)
    _copy(job.parameters, job.kept, job.count)
    _watch(job, metrics[job.monitored])
    return 1


@njit(nogil=True, error_model="numpy", inline="always")
def _watch(job, monitored):
    """Remember the best epoch and stop if it is time, as `TrainingState.end_epoch` does."""
    if monitored < job.best:
        job.best, job.best_epoch = monitored, job.epoch
        if job.restores_best:
            job.has_best = True
            _copy(job.parameters, job.best_parameters, job.count)
    if job.stops_early:
        if monitored + job.min_delta < job.bar:
            job.bar, job.waited = monitored, 0
        else:
            job.waited += 1
            if job.waited >= job.patience:
                job.stop_reason = EARLY_STOPPING
    if job.epoch == job.epochs:
        job.stop_reason = MAX_EPOCHS


@njit(nogil=True, error_model="numpy", inline="always")
def _scale(job, samples):
    """Return what the sum of the losses of so many samples is multiplied by, as `nn.losses.loss_scale`."""
    if not job.means:
        return 1.0
    return 1.0 / (samples * job.outputs if job.loss_width == 1 else samples)


@njit(nogil=True, error_model="numpy", inline="always")
def _score(job, right, residual, samples, data):
    return right / samples if job.classification else r2(residual, data[2])


@njit(nogil=True, error_model="numpy", inline="always")
def _all_finite(numbers):
    good = 0
    for k in range(len(numbers)):
        good += numbers[k] - numbers[k] == 0.0
    return good == len(numbers)


@njit(nogil=True, error_model="numpy", inline="always")
def _parameters_are_finite(job):
    good = 0
    for k in range(job.count):
        good += get(job.parameters, k) - get(job.parameters, k) == 0.0
    return good == job.count


@njit(nogil=True, error_model="numpy", inline="always")
def _copy(source, target, count):
    for k in range(count):
        put(target, k, get(source, k))
