"""The figures of the store, of its jobs and of all workers, as Prometheus wants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from services.workers import FLUSH_SECONDS

if TYPE_CHECKING:
    from prometheus_client import Metric

    from services.jobs import Counts
    from services.workers import Figures as WorkerFigures
    from services.workers import Worker

#: What every worker counts: the name in its figures, the name here, and in words.
_COUNTERS = (
    ("epochs", "gradqueue_worker_epochs", "Epochs trained, stored or not."),
    ("claims", "gradqueue_worker_claims", "Attempts begun."),
    ("sweeps", "gradqueue_sweeps", "Sweeps that reached the store."),
    ("taken_back", "gradqueue_jobs_taken_back", "Jobs of lost workers queued again, by who noticed."),
    ("given_up", "gradqueue_jobs_given_up", "Jobs failed because their last attempt lost its worker."),
)


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=value)


class NoFigures(Collector):
    """What is known while the store is away."""

    def collect(self) -> Iterable[Metric]:
        """Return that it is."""
        return [_gauge("gradqueue_store_up", "Whether the store answers.", 0)]


class Figures(Collector):
    """What the store knows at one moment."""

    def __init__(
        self,
        counts: Counts,
        not_understood: int,
        alive: Sequence[Worker],
        by_worker: Mapping[str, WorkerFigures],
    ) -> None:
        self._counts = counts
        self._not_understood = not_understood
        self._alive = alive
        self._by_worker = by_worker

    def collect(self) -> Iterator[Metric]:
        """Return all figures."""
        yield _gauge("gradqueue_store_up", "Whether the store answers.", 1)
        jobs = GaugeMetricFamily("gradqueue_jobs", "Jobs by status.", labels=["status"])
        for status, number in self._counts.by_status.items():
            jobs.add_metric([status], number)
        yield jobs
        yield _gauge(
            "gradqueue_jobs_of_other_versions",
            "Queued jobs that only a worker of another version than this API process understands.",
            self._not_understood,
        )
        yield _gauge(
            "gradqueue_queue_oldest_seconds",
            "How long the job that was queued first has waited; 0 if none waits.",
            self._counts.oldest_queued_seconds or 0.0,
        )
        yield _gauge(
            "gradqueue_epochs_per_second",
            "Epochs per second of all running jobs.",
            self._counts.epochs_per_second,
        )
        yield _gauge("gradqueue_workers", "Workers alive.", len(self._alive))
        processes = sum(worker.processes for worker in self._alive)
        yield _gauge("gradqueue_worker_processes", "Training processes of the workers alive.", processes)
        for key, name, meaning in _COUNTERS:
            counter = CounterMetricFamily(name, meaning, labels=["worker"])
            for worker, figures in self._by_worker.items():
                counter.add_metric([worker], figures[key])  # type: ignore[literal-required]
            yield counter
        yield self._flushes()

    def _flushes(self) -> HistogramMetricFamily:
        flushes = HistogramMetricFamily(
            "gradqueue_flush_seconds", "Time to make progress durable.", labels=["worker"]
        )
        ends = [*(str(end) for end in FLUSH_SECONDS), "+Inf"]
        for worker, figures in self._by_worker.items():
            up_to = accumulate(figures["flushes"])
            flushes.add_metric([worker], list(zip(ends, up_to, strict=True)), figures["flush_seconds"])
        return flushes
