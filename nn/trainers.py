"""The trainers there are, by name, and how to start one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nn.reference import ReferenceTrainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from nn.preparation import Prepared
    from nn.spec import Spec
    from nn.training import Trainer

#: All of them give the same bits.
TRAINERS: dict[str, Callable[[Spec, Prepared, bytes | None], Trainer]] = {"reference": ReferenceTrainer}

DEFAULT_TRAINER = "reference"


def start(
    spec: Spec, prepared: Prepared, checkpoint: bytes | None = None, trainer: str = DEFAULT_TRAINER
) -> Trainer:
    """Return a training of `spec` on the prepared data, begun afresh or gone on with from a checkpoint.

    Raises:
        KeyError: there is no such trainer.
        Unreadable: the checkpoint is damaged or belongs to another training.
    """
    return TRAINERS[trainer](spec, prepared, checkpoint)
