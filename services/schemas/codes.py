"""The codes that single problems of an input can have. Each has a page in docs/problems/."""

from __future__ import annotations

from typing import Literal, get_args

InputCode = Literal[
    "missing_field",
    "unknown_field",
    "read_only_field",
    "type",
    "enum",
    "out_of_range",
    "too_short",
    "too_long",
    "not_printable",
    "metadata_key",
    "inconsistent",
    "ragged",
    "label",
    "unknown_dataset",
    "model_too_large",
    "budget_exceeded",
    "width",
    "not_finite",
    "header",
    "repeated",
    "invalid_cursor",
    "csv_syntax",
    "csv_not_utf8",
    "csv_nul",
    "csv_delimiter",
    "csv_header",
    "empty_cell",
    "unknown_column",
    "column_name",
    "file",
]
INPUT_CODES: tuple[InputCode, ...] = get_args(InputCode)
