"""The trainers there are, by name, and how to start one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nn.reference import ReferenceTrainer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nn.preparation import Prepared
    from nn.spec import Spec
    from nn.training import Trainer, TrainerName


def _compiled(spec: Spec, prepared: Prepared, checkpoint: bytes | None) -> Trainer:
    from engine.compiler.recorded import NotRecordable
    from nn.compiled.trainer import CompiledTrainer

    try:
        return CompiledTrainer(spec, prepared, checkpoint)
    except NotRecordable:  # slower, but the same bits; the trainer's `name` tells
        return ReferenceTrainer(spec, prepared, checkpoint)


#: All of them give the same bits. What "compiled" cannot run natively runs on the reference.
TRAINERS: dict[TrainerName, Callable[[Spec, Prepared, bytes | None], Trainer]] = {
    "compiled": _compiled,
    "reference": ReferenceTrainer,
}

DEFAULT_TRAINER: TrainerName = "compiled"


def start(
    spec: Spec, prepared: Prepared, checkpoint: bytes | None = None, trainer: TrainerName = DEFAULT_TRAINER
) -> Trainer:
    """Return a training of `spec` on the prepared data, begun afresh or gone on with from a checkpoint.

    Raises:
        KeyError: there is no such trainer.
        Unreadable: the checkpoint is damaged or belongs to another training.
    """
    return TRAINERS[trainer](spec, prepared, checkpoint)


def warm(folder: Path | None = None, progress: Callable[[str], None] | None = None) -> None:
    """Make the compiled trainer ready, so that no training waits for it; see
    `nn.compiled.kernels.compiled.warm`.

    The first time on an installation this takes up to a minute, later a fraction of a second.
    """
    import nn.compiled.trainer  # noqa: F401 (a process forked from this one then shares the modules)
    from nn.compiled.kernels.compiled import warm as warm_kernel
    from nn.compiled.programs import record_ahead

    warm_kernel(folder, progress)
    record_ahead()
