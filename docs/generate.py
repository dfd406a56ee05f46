"""Write the pages that are made from the code: statuses.md, settings.md, command-line.md.

    make docs

A test runs this and compares, so a page cannot go stale unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from gradqueue.cli import main
from services.settings import Settings
from services.status import TERMINAL, TRANSITIONS, Status

HERE = Path(__file__).parent
NOTICE = "<!-- Written by docs/generate.py (`make docs`); changes here are overwritten. -->"


def statuses() -> str:
    """Return the page about the life of a job: the diagram and the table, from `services/status.py`."""
    arrows = [
        f"    {source} --> {transition.target}: {transition.event}"
        for transition in TRANSITIONS.values()
        for source in Status
        if source in transition.sources and source != transition.target
    ]
    ends = [f"    {status} --> [*]" for status in Status if status in TERMINAL]
    rows = [
        f"| {t.event} | {', '.join(status for status in Status if status in t.sources)} | {t.target} "
        f"| {t.by} | {t.meaning} |"
        for t in TRANSITIONS.values()
    ]
    return _lines(
        "# The life of a job",
        NOTICE,
        "```mermaid\nstateDiagram-v2\n" + "\n".join(["    [*] --> queued: submit", *arrows, *ends]) + "\n```",
        "| event | in status | leads to | caused by | meaning |\n|---|---|---|---|---|\n" + "\n".join(rows),
        "A status that ends (`succeeded`, `failed`, `cancelled`) is never left; the database refuses it too. "
        "Clients should ask `is_terminal`, not list statuses.",
    )


def settings() -> str:
    """Return the page that lists every setting, from `services/settings.py`."""
    rows = [
        f"| `{e.variable}` | {f'`{e.default}`' if e.default else ''} | {e.unit} | {e.meaning} |"
        for e in Settings().entries()
    ]
    return _lines(
        "# Settings",
        NOTICE,
        "Settings are environment variables, read once when a process starts. "
        "`gradqueue settings` shows the values in force.",
        "| variable | default | unit | meaning |\n|---|---|---|---|\n" + "\n".join(rows),
        "The commands that talk to a service have two of their own: `GRADQUEUE_URL`, where it is "
        "(`http://127.0.0.1:8000`), and `GRADQUEUE_API_KEY`, the key to send, if it asks for one.",
    )


def command_line() -> str:
    """Return the page with the help of every command, from `gradqueue/cli`."""
    parts = [_help(main, "gradqueue")]
    for name, command in _all_commands(main):
        parts.append(f"## {name}\n\n{_help(command, f'gradqueue {name}')}")
    return _lines("# Command line", NOTICE, *parts)


def _all_commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield before + name, command
        if isinstance(command, click.Group):
            yield from _all_commands(command, f"{before}{name} ")


def _help(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name, terminal_width=100, **main.context_settings)
    return f"```text\n{command.get_help(context)}\n```"


def _lines(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "statuses.md": statuses,
    "settings.md": settings,
    "command-line.md": command_line,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page())
