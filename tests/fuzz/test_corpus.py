"""Everything in the corpus is read as it must be, and the corpus reaches every way to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.target import check
from tests.fuzz.target_csv import check_csv

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
CSV_CORPUS = sorted((Path(__file__).parent / "corpus_csv").iterdir())


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_a_body_ends_as_its_name_says(file: Path) -> None:
    """The name is the outcome, then what is special."""
    assert check(file.read_bytes()) == file.name.partition(".")[0]


def test_every_way_to_end_is_in_the_corpus() -> None:
    assert {file.name.partition(".")[0] for file in CORPUS} == {
        "accepted",
        "invalid_input",
        "json_duplicate_key",
        "json_lone_surrogate",
        "json_not_finite",
        "json_not_utf8",
        "json_nul",
        "json_syntax",
        "json_too_complex",
        "json_too_deep",
    }


@pytest.mark.parametrize("file", CSV_CORPUS, ids=lambda file: file.name)
def test_a_csv_file_ends_as_its_name_says(file: Path) -> None:
    """The name is the outcome for regression and for classification, then what is special."""
    assert check_csv(file.read_bytes()) == file.name.rpartition(".")[0]


def test_every_way_for_a_csv_file_to_end_is_in_the_corpus() -> None:
    outcomes = {outcome for file in CSV_CORPUS for outcome in file.name.split(".")[:2]}
    assert outcomes == {
        "accepted",
        "csv_delimiter",
        "csv_header",
        "csv_not_utf8",
        "csv_nul",
        "csv_syntax",
        "empty_cell",
        "label",
        "not_finite",
        "ragged",
        "too_long",
        "too_short",
        "type",
    }
