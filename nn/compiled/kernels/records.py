"""What a kernel call is given besides memory: records whose fields Python and the kernels both read by name.

Addresses are of doubles. A stride is the distance between two samples' rows, in doubles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import from_dtype

_INT = np.int64
_FLOAT = np.float64


def _record(**fields: type) -> np.dtype[np.void]:
    return np.dtype(list(fields.items()))


#: One layer: its shape; its parameters and gradients, which a layer that goes `across` first collects as
#: the transpose, one row per input and one for the biases, at `collected`; where its weights are packed,
#: all of them or, if it streams, those in use, which is also where a block of its gradients is, and whether
#: such a block may be one of few inputs (`by_strips`); the rows of a chunk of samples that come in (`x`),
#: go into the activation (`z`) and come out of it (`a`), and the gradients with respect to these (`delta`
#: and `upstream`); and the activation's programs, by their numbers among the known ones and their ranges of
#: the code.
LAYER = _record(
    inputs=_INT,
    outputs=_INT,
    weights=_INT,
    biases=_INT,
    weight_gradients=_INT,
    bias_gradients=_INT,
    across=_INT,
    collected=_INT,
    collected_stride=_INT,
    streams=_INT,
    by_strips=_INT,
    packed=_INT,
    x=_INT,
    x_stride=_INT,
    z=_INT,
    a=_INT,
    upstream=_INT,
    delta=_INT,
    stride=_INT,
    activates=_INT,
    forward_known=_INT,
    forward_begin=_INT,
    forward_end=_INT,
    forward_rows=_INT,
    backward_known=_INT,
    backward_begin=_INT,
    backward_end=_INT,
    backward_rows=_INT,
)

#: One training: what it is, which never changes; where its memory is; and where it stands. `loss`, `penalty`
#: and `right` with the doubles at `residual` are sums over the completed steps of the epoch. Those named
#: `running_` go on inside a step, or in the validation. `words` note which numbers are zero, `turned` has a
#: layer's `delta` as its transpose, `strip` a strip of its `x`.
JOB = _record(
    samples=_INT,
    validation_samples=_INT,
    outputs=_INT,
    batch=_INT,
    steps=_INT,
    epochs=_INT,
    seed=_INT,
    shuffle=_INT,
    classification=_INT,
    means=_INT,
    residuals=_INT,
    loss_width=_INT,
    loss_lanes=_INT,
    loss_known=_INT,
    loss_begin=_INT,
    loss_values=_INT,
    loss_end=_INT,
    loss_rows=_INT,
    chunk=_INT,
    sample_work=_INT,
    validation_work=_INT,
    step_work=_INT,
    l1=_FLOAT,
    l2=_FLOAT,
    clips=_INT,
    clip=_FLOAT,
    count=_INT,
    inputs_finite=_INT,
    streams=_INT,
    schedule=_INT,
    learning_rate=_FLOAT,
    schedule_first=_FLOAT,
    schedule_second=_FLOAT,
    optimizer=_INT,
    rate=_FLOAT,
    beta_1=_FLOAT,
    beta_2=_FLOAT,
    scalar_1=_FLOAT,
    scalar_2=_FLOAT,
    scalar_3=_FLOAT,
    scalar_4=_FLOAT,
    stops_early=_INT,
    restores_best=_INT,
    monitored=_INT,
    patience=_INT,
    min_delta=_FLOAT,
    parameters=_INT,
    memory=_INT,
    kept=_INT,
    best_parameters=_INT,
    gradients=_INT,
    wanted=_INT,
    turned=_INT,
    strip=_INT,
    words=_INT,
    zeros=_INT,
    one=_INT,
    residual=_INT,
    running_residual=_INT,
    epoch=_INT,
    step=_INT,
    sample=_INT,
    validating=_INT,
    ordered=_INT,
    scaled_for=_INT,
    loss=_FLOAT,
    penalty=_FLOAT,
    right=_INT,
    running_loss=_FLOAT,
    running_penalty=_FLOAT,
    running_right=_INT,
    best=_FLOAT,
    best_epoch=_INT,
    has_best=_INT,
    bar=_FLOAT,
    waited=_INT,
    stop_reason=_INT,
    diverged_in=_INT,
)

JOB_TYPE: Any = from_dtype(JOB)
LAYER_TYPE: Any = from_dtype(LAYER)
