"""`explain` prints what the page on the compiler shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.compiler.explained import explain
from engine.compiler.recorded import NotRecordable

PAGE = Path(__file__).parents[3] / "docs/compiler.md"


def test_the_stages_in_the_page_are_those_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    lines, printed = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]

    exec(lines)

    assert capsys.readouterr().out == printed


def test_what_cannot_be_compiled_cannot_be_explained() -> None:
    with pytest.raises(NotRecordable, match="looks at a number"):
        explain(lambda x: x if x.data > 0.0 else -x, "x")
