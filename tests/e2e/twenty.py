"""Twenty jobs that touch most of what can be asked for, each done at once."""

from __future__ import annotations

from typing import Any

#: Fixed epochs, or one that stops early; the number of epochs is checked against the reference anyway.
_MODELS: list[dict[str, Any]] = [
    {"layers": [3, 1], "activation": "relu", "initializer": "uniform"},
    {"hidden_layers": [4], "activation": "tanh"},
    {"hidden_layers": [3, 3], "activation": "leaky_relu"},
    {"hidden_layers": [], "activation": "linear"},
]
_TRAININGS: list[dict[str, Any]] = [
    {"optimizer": "sgd", "learning_rate": 0.01},
    {"optimizer": {"type": "adam"}, "batch_size": 4, "shuffle": True, "learning_rate": 0.02},
    {"optimizer": {"type": "sgd", "momentum": 0.9, "nesterov": True}, "schedule": "cosine", "l2": 0.001},
    {"optimizer": "rmsprop", "standardize": True, "gradient_clip_norm": 1.0},
    {
        "optimizer": "adagrad",
        "validation": {"fraction": 0.25},
        "early_stopping": {"monitor": "validation_loss", "patience": 2, "restore_best": True},
    },
]


def documents() -> list[dict[str, Any]]:
    """Return the twenty requests: every model with every training, regression and classification in turn."""
    return [
        {
            "name": f"number {number}",
            "dataset": {
                "generator": "linear" if number % 2 else "moons",
                "rows": 12,
                "noise": 0.1,
                "seed": number,
            },
            "model": _MODELS[number % 4],
            "training": {"epochs": 5 + number, "seed": number, **_TRAININGS[number % 5]},
        }
        for number in range(20)
    ]
