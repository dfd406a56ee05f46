"""The weights document: a trained network that ten lines of any language can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nn.numerics import NUMERICS_VERSION

if TYPE_CHECKING:
    from nn.model import Model
    from services.schemas.documents import WeightsDocument

#: Grows when the document changes its shape.
FORMAT_VERSION = 1


def present(model: Model, job_id: str | None = None) -> WeightsDocument:
    """Return the document of a model, as it was trained by the job `job_id`."""
    scaler = model.scaler
    return {
        "object": "weights",
        "job_id": job_id,
        "epoch": model.epoch,
        "format_version": FORMAT_VERSION,
        "numerics_version": NUMERICS_VERSION,
        "weights_sha256": model.sha256,
        "inputs": model.inputs,
        "standardize": None
        if scaler is None
        else {"mean": scaler.mean.tolist(), "scale": scaler.scale.tolist()},
        "labels": None if model.labels is None else list(model.labels),
        "layers": [
            {
                "weights": layer.weights.tolist(),
                "biases": layer.biases.tolist(),
                "activation": layer.activation,
            }
            for layer in model.layers
        ],
    }
