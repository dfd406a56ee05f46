"""Train, look, predict: the whole service from Python.

gradqueue serve &
python examples/python_client.py
"""

from __future__ import annotations

import sys

from gradqueue import Client, Problem, Unreachable

JOB = {
    "name": "circles",
    "dataset": {"generator": "circles", "rows": 200, "noise": 0.05, "seed": 1},
    "model": {"hidden_layers": [8, 8], "activation": "tanh"},
    "training": {"epochs": 100, "optimizer": "adam", "learning_rate": 0.03, "validation": {"fraction": 0.25}},
    "metadata": {"made_by": "examples/python_client.py"},
}


def main() -> None:
    """Submit a job, print its progress as it comes, and use the model."""
    with Client() as client:
        submitted = client.submit(JOB)
        for job in client.watch(submitted["id"]):
            print(job["status"], job["progress"]["epoch"], job["latest"])
        curve = client.loss_curve(job["id"])
        print(f"validation loss {curve['validation_loss'][0]:.3f} -> {curve['validation_loss'][-1]:.3f}")
        if job["model_id"] is not None:
            print(client.predict(job["model_id"], [[0.0, 0.0], [1.0, 0.0]]))


if __name__ == "__main__":
    try:
        main()
    except Unreachable:
        sys.exit("start the service first: gradqueue serve")
    except Problem as problem:
        sys.exit(f"refused: {problem}")
