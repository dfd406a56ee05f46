"""`gradqueue settings`: what can be configured, and what is."""

from __future__ import annotations

import click

from gradqueue.cli.configuration import configured


@click.command()
@click.option("--changed", is_flag=True, help="Only those that differ from their default.")
def settings(changed: bool) -> None:
    """List every setting with its value and meaning."""
    from rich.table import Table
    from rich.text import Text

    from gradqueue.cli.output import print_table

    table = Table("variable", "value", "meaning", box=None, pad_edge=False)
    for entry in configured().entries():
        if changed and entry.value == entry.default:
            continue
        style = "bold" if entry.value != entry.default else ""
        value = Text(f"{entry.value} {entry.unit}".strip(), style)
        table.add_row(Text(entry.variable, style, no_wrap=True), value, Text(entry.meaning))
    print_table(table)
