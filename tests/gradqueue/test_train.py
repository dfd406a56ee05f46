"""`gradqueue train`: a job file trained without a service."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from gradqueue.cli import main
from gradqueue.cli.outcome import Exit
from nn.activations import ACTIVATIONS
from nn.trainers import TRAINERS

if TYPE_CHECKING:
    from nn.preparation import Prepared
    from nn.spec import Spec
    from nn.training import Trainer

TUTORIAL = json.loads((Path(__file__).parents[2] / "examples/tutorial.json").read_bytes())


def train(document: Any, *options: str) -> Result:
    text = document if isinstance(document, str) else json.dumps(document)
    return CliRunner().invoke(main, ["train", "-", *options], input=text)


def changed(**training: Any) -> dict[str, Any]:
    return TUTORIAL | {"training": TUTORIAL["training"] | training}


@pytest.mark.parametrize("trainer", TRAINERS)
def test_every_trainer_writes_the_same_weights(trainer: str) -> None:
    here, default = train(TUTORIAL, "--trainer", trainer), train(TUTORIAL)
    assert here.exit_code == Exit.OK
    document = json.loads(here.stdout)
    assert document == json.loads(default.stdout)
    assert (document["epoch"], document["inputs"], len(document["layers"])) == (50, 3, 3)


def test_what_cannot_run_natively_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "tutorial cannot run natively and is trained by the reference trainer"
    assert told not in train(TUTORIAL).stderr
    monkeypatch.setitem(ACTIVATIONS, "by_hand", lambda x: x if x.data > 0.0 else x * 0.0)  # type: ignore[misc]
    compiled = TRAINERS["compiled"]

    def by_hand(spec: Spec, prepared: Prepared, checkpoint: bytes | None) -> Trainer:
        model = replace(spec.model, activations=("by_hand",) * len(spec.model.activations))  # type: ignore[arg-type]
        return compiled(replace(spec, model=model), prepared, checkpoint)

    monkeypatch.setitem(TRAINERS, "compiled", by_hand)
    result = train(TUTORIAL)

    assert result.exit_code == Exit.OK
    assert told in result.stderr


def test_who_waits_for_the_kernels_is_told_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADQUEUE_DATA_FOLDER", str(tmp_path))
    warmed: list[Path] = []

    def warm(folder: Path, progress: Callable[[str], None]) -> None:
        warmed.append(folder)
        progress("train")
        progress("backward")

    monkeypatch.setattr("nn.trainers.warm", warm)

    assert train(TUTORIAL).stderr.count("compiling the kernels, once per installation") == 1
    assert "compiling" not in train(TUTORIAL, "--trainer", "reference").stderr
    assert warmed == [tmp_path / "kernels"], "where a read-only installation keeps them"


def test_the_weights_can_go_to_a_file(tmp_path: Path) -> None:
    result = train(TUTORIAL, "--out", str(tmp_path / "weights.json"))
    assert (result.exit_code, result.stdout) == (Exit.OK, "")
    assert json.loads((tmp_path / "weights.json").read_bytes())["object"] == "weights"


def test_the_progress_shows_the_last_epoch() -> None:
    assert "tutorial" in train(TUTORIAL).stderr
    assert "epoch 50/50 loss 0.264798" in train(TUTORIAL).stderr


def test_a_job_that_diverges_exits_with_1_and_writes_nothing(tmp_path: Path) -> None:
    result = train(changed(learning_rate=1e300), "--out", str(tmp_path / "weights.json"))
    assert result.exit_code == Exit.NOT_SUCCEEDED
    assert "tutorial failed: " in result.stderr
    assert "(diverged)" in result.stderr
    assert not (tmp_path / "weights.json").exists()


def test_invalid_input_names_every_place() -> None:
    result = train(changed(epochs=0, learing_rate=1))
    assert result.exit_code == Exit.INVALID
    first, *places = result.stderr.splitlines()
    assert first == "gradqueue: 2 problems were found"
    assert {place.split(":")[0] for place in places} == {"  /training/epochs", "  /training/learing_rate"}


def test_what_is_not_json_is_told_with_its_line() -> None:
    result = train('{\n"a": 1,\n}')
    assert result.exit_code == Exit.INVALID
    assert result.stderr.startswith("gradqueue: line 2, column 7: trailing comma")


def test_a_stored_dataset_needs_the_service() -> None:
    result = train(TUTORIAL | {"dataset": {"id": "ds_1"}})
    assert result.exit_code == Exit.INVALID
    assert result.stderr.startswith("gradqueue: /dataset/id: ")


def test_an_unknown_trainer_is_answered_with_those_there_are() -> None:
    result = train(TUTORIAL, "--trainer", "fast")
    assert result.exit_code == Exit.INVALID
    assert "reference" in result.stderr
