"""A CSV file as the inputs of a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.schemas.csv.header import open_csv
from services.schemas.csv.table import read_table

if TYPE_CHECKING:
    from nn.numerics import Floats
    from services.settings import Limits


def read_inputs(body: bytes, limits: Limits) -> Floats:
    """Return the rows (n, d) below the header; which column is which input is told by their order.

    Raises:
        InvalidInput: with the line and column of every bad cell.
    """
    return read_table(open_csv(body, limits), limits).numbers
