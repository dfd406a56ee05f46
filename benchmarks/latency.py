"""How long somebody waits, in wall time: `python -m benchmarks.latency [--jobs 200]`.

- the kernels' one-time compilation, on a copy of the code that has none yet;
- from the start of `gradqueue worker` to the end of the first job, with a job waiting;
- from the POST of the tutorial's job to the answer that it has succeeded, on `gradqueue serve`;
- a job whose architecture the service has never seen, and then the same one again;
- likewise, in a process without a service, trainings of a cross-entropy of many classes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
import requests

from benchmarks.peers import REPOSITORY
from gradqueue import Client
from nn import trainers
from nn.data import Dataset
from nn.preparation import prepare
from services import jobs
from services.doorbell import Doorbell
from services.settings import Settings
from services.store import Store
from services.store.migrate import upgrade
from tests.faults.parts.ports import free_port
from tests.nn.jobs import classification, model
from tests.support.brokers import Broker
from tests.support.waiting import until
from tests.worker.training import TUTORIAL, submitted

GRADQUEUE = Path(sys.executable).with_name("gradqueue")
#: New architectures, each tried twice.
ARCHITECTURES = 20
#: Classes of trainings that a process has not seen before.
CLASSES = (10, 100, 300, 1000)


def compilation(folder: Path) -> float:
    """Return the seconds that compiling the kernels takes where nothing is compiled yet."""
    for package in ("engine", "nn"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / package, folder / package, ignore=ignored)
    command = [sys.executable, "-c", "from nn import trainers; trainers.warm()"]
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, check=True)
    return time.perf_counter() - began


def first_job(folder: Path) -> float:
    """Return the seconds from the start of a worker process to the end of a job that waits for it."""
    url = f"sqlite:///{folder}/gradqueue.db"
    upgrade(url)
    store = Store(url, Settings())
    with Broker(folder) as broker:
        environment = {"GRADQUEUE_DATABASE_URL": url, "GRADQUEUE_BROKER_URL": broker.url}
        job_id = submitted(store)
        Doorbell(Settings.from_environment(environment)).ring([job_id])  # as the API did
        began = time.perf_counter()
        worker = subprocess.Popen(
            [GRADQUEUE, "worker", "--workers", "1"],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: jobs.get(store, job_id).is_terminal, "the first job", 120.0)
            took = time.perf_counter() - began
        finally:
            worker.terminate()
            worker.wait()
            store.close()
    return took


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """Run `gradqueue serve` and yield its address once it takes jobs."""
    port = free_port()
    command = [GRADQUEUE, "serve", "--data", folder / "data", "--port", str(port)]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        with Client(url) as client:
            until(client.ready, "a service that takes jobs", 120.0)
        yield url
    finally:
        process.terminate()
        process.wait()


def answer_ms(session: requests.Session, url: str, document: dict[str, Any]) -> float:
    """Submit a job, wait for its end in the same request, and return the milliseconds that took."""
    body = json.dumps(document)
    began = time.perf_counter()
    headers = {"Content-Type": "application/json", "Prefer": "wait=30"}
    job = session.post(f"{url}/v1/jobs", data=body, headers=headers).json()
    took = (time.perf_counter() - began) * 1e3
    assert job["status"] == "succeeded", job
    return took


def architectures(session: requests.Session, url: str) -> list[tuple[float, float]]:
    """Return the milliseconds of a job of a new architecture and of the same one again, for each of many."""
    pairs = []
    for number in range(ARCHITECTURES):
        layers = [5 + number, 23 - number, 2 + number % 3]
        model = {"layers": [*layers, 1], "activation": ["tanh", "relu", "sigmoid"]}
        document = TUTORIAL | {"model": model}
        first, second = (
            answer_ms(session, url, document | {"training": TUTORIAL["training"] | {"seed": seed}})
            for seed in (1, 2)
        )
        pairs.append((first, second))
    return pairs


def classes(count: int) -> tuple[float, float]:
    """Return the milliseconds that this process's first training on so many classes takes, and the next ones.

    The process has trained on a few classes before.
    """
    trainers.warm()
    training_ms(3)
    first, *others = [training_ms(count) for _ in range(6)]
    return first, median(others)


def training_ms(count: int) -> float:
    """Plan a training on two samples of each class, train an epoch and return how long that took."""
    inputs = np.random.default_rng(count).normal(size=(2 * count, 5))
    labels = np.arange(2.0 * count).reshape(-1, 1) % count
    dataset = Dataset(inputs, labels, tuple(range(count)))
    spec = classification(model(8, count, output="softmax"), loss="cross_entropy", epochs=1)
    prepared = prepare(spec, dataset)
    began = time.perf_counter()
    trainer = trainers.start(spec, prepared)
    while trainer.advance(1_000_000_000).stop_reason is None:
        pass
    return (time.perf_counter() - began) * 1e3


def in_a_new_process(count: int) -> tuple[float, float]:
    """Return what `classes` does in a process that has done nothing before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(classes, count).result()


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency")
    parser.add_argument("--jobs", type=int, default=200, help="tutorial jobs to time (default 200)")
    parser.add_argument("--no-compilation", action="store_true", help="leave the compilation out: a minute")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not options.no_compilation:
            (folder / "copy").mkdir()
            print(
                f"kernels compiled for the first time        {compilation(folder / 'copy'):8.1f} s",
                flush=True,
            )
        starts = []
        for number in range(3):
            (folder / f"start{number}").mkdir()
            starts.append(first_job(folder / f"start{number}"))
        print(f"worker started -> its first job has ended  {median(starts):8.2f} s", flush=True)
        with service(folder) as url, requests.Session() as session:
            times = [answer_ms(session, url, TUTORIAL) for _ in range(options.jobs)]
            tail = quantiles(times, n=100)[94]
            print(
                f"POST -> succeeded, tutorial, p50 (p95)     {median(times):8.1f} ms ({tail:.1f})", flush=True
            )
            pairs = architectures(session, url)
            first, second = median(a for a, _ in pairs), median(b for _, b in pairs)
            longer = median(a - b for a, b in pairs)
            print(f"first job of a new architecture, again     {first:8.1f} ms, {second:.1f}: {longer:+.1f}")
    for count in CLASSES:
        pairs = [in_a_new_process(count) for _ in range(5)]
        first, again = median(a for a, _ in pairs), median(b for _, b in pairs)
        longer = median(a - b for a, b in pairs)
        print(f"first training on {count:5} classes, again    {first:8.1f} ms, {again:.1f}: {longer:+.1f}")


if __name__ == "__main__":
    main()
