"""Whatever stands in a request, it is accepted or explained; nothing else is ever raised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidInput, Malformed
from services.jobs import Submission
from services.schemas import parse_job, resolved
from services.schemas.codes import INPUT_CODES
from services.schemas.documents import JobDocument
from services.settings import Limits
from tests.support.requests import CLASSES, SMALLEST, TUTORIAL, changed

LIMITS = Limits(rows=50, columns=10, layer_width=100, epochs=1000, parameters=5000)

RICH = changed(
    TUTORIAL,
    {
        "/problem": "regression",
        "/training/optimizer": {"type": "adam", "beta_1": 0.9},
        "/training/schedule": {"type": "step", "decay_epochs": 3},
        "/training/validation": {"dataset": SMALLEST["dataset"], "fraction": 0.5, "stratify": None},
        "/training/early_stopping": {"monitor": "train_loss", "patience": 3, "min_delta": 0.0},
        "/training/gradient_clip_norm": 1.0,
        "/limits": {"timeout_seconds": 5, "max_attempts": 3},
        "/priority": 3,
        "/model/hidden_layers": None,
    },
)
GENERATED = changed(SMALLEST, {"/dataset": {"generator": "moons", "rows": 20, "noise": 0.1, "seed": 1}})


def _places(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    children = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document if isinstance(document, list) else ())
    )
    for key, child in children:
        yield from _places(child, (*at, key))


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**53, 2**63, 2**64, -(2**63), 1e300, -1e300, 1e-320, 0.5, -0.0, 75.0]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "a", "auto", "sgd", "relu", "softmax", "hinge", "classification", "[key]", "\ud7ff", "\u202e"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "inputs", "targets", "generator", "fraction", "dataset", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


@st.composite
def _requests(draw: st.DrawFn) -> Any:
    document = draw(st.sampled_from([TUTORIAL, SMALLEST, CLASSES, RICH, GENERATED]))
    document = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(_places(document))[1:]))
        parent = document
        for step in way:
            parent = parent[step]
        match draw(st.sampled_from(["replace", "delete", "add"])):
            case "replace":
                parent[last] = draw(_values)
            case "delete" if len(parent) > 1:
                del parent[last]
            case "add" if isinstance(parent, dict):
                parent[
                    draw(st.sampled_from([*JobDocument.__annotations__, "epochs", "x", "[key]", "\x7f"]))
                ] = draw(_values)
            case "add" if isinstance(parent, list):
                parent.append(draw(_values))
    return document


@given(_requests())
def test_a_changed_request_is_accepted_or_explained(document: Any) -> None:
    outcome = _outcome(document)
    if isinstance(outcome, Submission):
        assert resolved.load(outcome.resolved).training.epochs == outcome.epochs
    elif isinstance(outcome, InvalidInput):
        assert outcome.total >= len(outcome.problems) > 0
        for problem in outcome.problems:
            assert problem.code in INPUT_CODES
            assert problem.detail
            assert problem.pointer == "" or problem.pointer.startswith("/")
            assert "\0" not in problem.pointer
    else:
        assert outcome.code == "json_nul"


def _outcome(document: Any) -> Submission | InvalidInput | Malformed:
    try:
        return parse_job(json.dumps(document).encode(), LIMITS, lambda _: None)
    except (InvalidInput, Malformed) as error:
        return error
