"""The fuzzer of the CSV reader: `make fuzz`. What it finds goes into the corpus, with its mending."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["services.schemas", "tests.fuzz.reference_csv"]):
    from tests.fuzz.target_csv import check_csv

CORPUS = Path(__file__).with_name("corpus_csv")


def main(found: Path, seconds: str) -> None:
    """Fuzz for so many seconds; inputs that reach new code are kept in the folder `found`."""
    found.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        "-max_len=512",
        "-timeout=5",
        f"-dict={CORPUS.with_name('words_csv.dict')}",
        f"-artifact_prefix={found}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(found), str(CORPUS)], lambda body: check_csv(body) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
