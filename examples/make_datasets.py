"""Write iris.json, wine.json and iris.csv from the measurements that scikit-learn ships.

    python examples/make_datasets.py

The files are committed; this script says where their numbers come from and makes them again, byte for byte.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sklearn.datasets import load_iris, load_wine

HERE = Path(__file__).parent

IRIS = {
    "model": {"hidden_layers": [8], "activation": "tanh"},
    "training": {
        "epochs": 40,
        "batch_size": 16,
        "optimizer": "adam",
        "learning_rate": 0.01,
        "standardize": True,
        "validation": {"fraction": 0.2, "stratify": True},
        "seed": 0,
    },
}
WINE = {
    "model": {"hidden_layers": [8], "activation": "relu"},
    "training": {
        "epochs": 200,
        "batch_size": 32,
        "optimizer": "adam",
        "learning_rate": 0.02,
        "l2": 0.001,
        "standardize": True,
        "validation": {"fraction": 0.2, "stratify": True},
        "early_stopping": {
            "monitor": "validation_loss",
            "patience": 10,
            "min_delta": 0.0001,
            "restore_best": True,
        },
        "seed": 0,
    },
}


def job_file(name: str, measurements: Any, how: dict[str, Any]) -> str:
    """Return the job as JSON with one sample a line."""
    inputs = ",\n".join(f"      {json.dumps(row)}" for row in measurements.data.tolist())
    labels = json.dumps([str(measurements.target_names[target]) for target in measurements.target])
    parts = [f'  "name": "{name}"', '  "problem": "classification"']
    parts.append(f'  "dataset": {{\n    "inputs": [\n{inputs}\n    ],\n    "targets": {labels}\n  }}')
    parts += [f'  "{part}": {json.dumps(document)}' for part, document in how.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def csv_file(measurements: Any) -> str:
    """Return the measurements as CSV, the label in the last column."""
    names = [*(name.removesuffix(" (cm)") for name in measurements.feature_names), "species"]
    rows = [
        [*map(repr, row), str(measurements.target_names[target])]
        for row, target in zip(measurements.data.tolist(), measurements.target, strict=True)
    ]
    return "".join(f"{','.join(line)}\n" for line in (names, *rows))


def job_files() -> dict[str, str]:
    """Return the content of each file by its name."""
    return {
        "iris.json": job_file("iris", load_iris(), IRIS),
        "wine.json": job_file("wine", load_wine(), WINE),
        "iris.csv": csv_file(load_iris()),
    }


if __name__ == "__main__":
    for name, text in job_files().items():
        (HERE / name).write_text(text)
