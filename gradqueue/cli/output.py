"""Tables on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.table import Table

#: Columns assumed where nobody looks: in a pipe or a file every value stays whole, on one line.
PIPE_WIDTH = 1000


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal, or unbroken when the output goes elsewhere."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_WIDTH)
    console.print(table)
