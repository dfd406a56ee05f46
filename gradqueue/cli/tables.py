"""Jobs printed for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from gradqueue.cli.output import print_table

if TYPE_CHECKING:
    from gradqueue.documents import Column, Dataset, DescribedDataset, Job

_COLOURS = {
    "succeeded": "green",
    "failed": "red",
    "running": "cyan",
    "cancelled": "yellow",
    "paused": "yellow",
}


def print_jobs(jobs: Iterable[Job]) -> None:
    """Print one line per job."""
    table = Table("job", "name", "status", "epoch", "train loss", "created", box=None, pad_edge=False)
    for job in jobs:
        progress = job["progress"]
        table.add_row(
            Text(job["id"], no_wrap=True),
            Text(job["name"] or ""),
            _status(job),
            f"{progress['epoch']:,}/{progress['epochs']:,}",
            _loss(job),
            job["created_at"][:19].replace("T", " "),
        )
    print_table(table)


def print_job(job: Job) -> None:
    """Print what there is to know about one job, one fact a line."""
    progress, error = job["progress"], job["error"]
    facts = {
        "job": job["id"],
        "name": job["name"],
        "status": _status(job),
        "epoch": f"{progress['epoch']:,} of {progress['epochs']:,}",
        "train loss": _loss(job),
        "stop reason": job["stop_reason"],
        "error": f"{error['detail']} ({error['code']})" if error else None,
        "trainer": job["trainer"],
        "attempt": str(job["attempt"]),
        "created": job["created_at"],
        "started": job["started_at"],
        "finished": job["finished_at"],
        "model": job["model_id"],
        "weights sha256": job["weights_sha256"],
        "metadata": ", ".join(f"{key}={value}" for key, value in job["metadata"].items()),
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in facts.items():
        if value:
            table.add_row(name, value if isinstance(value, Text) else Text(value))
    print_table(table)


def print_datasets(datasets: Iterable[Dataset]) -> None:
    """Print one line per dataset."""
    table = Table("dataset", "name", "problem", "rows", "inputs", "created", box=None, pad_edge=False)
    for dataset in datasets:
        table.add_row(
            Text(dataset["id"], no_wrap=True),
            Text(dataset["name"] or ""),
            dataset["problem"],
            f"{dataset['rows']:,}",
            f"{dataset['inputs']:,}",
            dataset["created_at"][:19].replace("T", " "),
        )
    print_table(table)


def print_columns(dataset: DescribedDataset) -> None:
    """Print one line per column of a dataset."""
    table = Table("column", "role", "min", "max", "mean", "std", box=None, pad_edge=False)
    for column in dataset["columns"]:
        table.add_row(Text(column["name"]), column["role"], *_facts(column))
    print_table(table)


def _facts(column: Column) -> list[Text]:
    if "labels" in column:
        counts = zip(column["labels"], column["counts"], strict=True)
        return [Text(", ".join(f"{label}: {count}" for label, count in counts))]
    return [Text(f"{value:.6g}") for value in (column["min"], column["max"], column["mean"], column["std"])]


def _status(job: Job) -> Text:
    return Text(job["status"], style=_COLOURS.get(job["status"], ""))


def _loss(job: Job) -> str:
    loss = (job["latest"] or {}).get("train_loss")
    return "" if loss is None else f"{loss:.6g}"
