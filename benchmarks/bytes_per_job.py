"""What a job takes in the database, on SQLite and PostgreSQL: `python -m benchmarks.bytes_per_job`.

Jobs are really trained, each on a dataset of its own, and stored by the use cases; the sizes are those that
the databases themselves tell, indexes included, divided by the number of jobs.
"""

from __future__ import annotations

import argparse

import sqlalchemy

from benchmarks.store import SETTINGS, databases
from services import jobs
from services.store import Store
from services.worker.attempt import Attempt
from tests.support.requests import submission
from tests.worker.training import claimed

#: What is trained: rows of the dataset, hidden layers, epochs.
KINDS = {
    "3 rows, 3 neurons, 50 epochs": (3, [3], 50),
    "200 rows, 16 x 16, 500 epochs": (200, [16, 16], 500),
    "1,000 rows, 64 x 64, 100 epochs": (1000, [64, 64], 100),
}


def request(rows: int, hidden: list[int], epochs: int, seed: int) -> dict[str, object]:
    """Return the document of one job."""
    return {
        "dataset": {"generator": "moons", "rows": rows, "noise": 0.1, "seed": seed},
        "model": {"hidden_layers": hidden},
        "training": {"epochs": epochs, "batch_size": rows},
    }


def size(url: str) -> int:
    """Return the bytes of all tables, with what was deleted given back."""
    db_engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with db_engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM FULL")
            found = connection.exec_driver_sql(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            )
        else:
            connection.exec_driver_sql("VACUUM")
            found = connection.exec_driver_sql(
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            )
        number = int(found.scalar_one())
    db_engine.dispose()
    return number


def train(store: Store, rows: int, hidden: list[int], epochs: int, seed: int) -> None:
    """Submit a job and train it to its end."""
    jobs.submit(store, submission(request(rows, hidden, epochs, seed)), queue_limit=10)
    Attempt(store, claimed(store), SETTINGS, should_stop=lambda: False).run()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=100)
    number = parser.parse_args().jobs
    with databases() as urls:
        print(f"{'bytes a job that succeeded':44}" + "".join(f"{name:>12}" for name in urls))
        seed = 0
        for words, (rows, hidden, epochs) in KINDS.items():
            figures = []
            for url in urls.values():
                store = Store(url, SETTINGS)
                before = size(url)
                for seed in range(seed + 1, seed + 1 + number):  # noqa: B020 (each dataset is another one)
                    train(store, rows, hidden, epochs, seed)
                store.close()
                figures.append((size(url) - before) / number)
            print(f"{words:44}" + "".join(f"{figure:>12,.0f}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
