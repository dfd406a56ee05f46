"""The loss curve as text and as pictures."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.schemas import curve as schema
from services.schemas import picture
from services.schemas.curve import Points
from services.store.curve import Curve

CURVE = Curve(
    3, {"train_loss": np.array([0.1, 1e-7, 5.0]), "accuracy": np.array([0.0, 0.5, 1.0])}, has_more=True
)
NO_EPOCHS = Curve(1, {}, has_more=False)


def test_columns_have_one_length_and_say_where_the_next_page_begins() -> None:
    assert schema.present("job_1", CURVE, Points.of(CURVE)) == {
        "object": "loss_curve",
        "job_id": "job_1",
        "epochs": [3, 4, 5],
        "train_loss": [0.1, 1e-07, 5.0],
        "accuracy": [0.0, 0.5, 1.0],
        "next_after_epoch": 5,
        "has_more": True,
    }


def test_a_job_without_epochs_has_an_empty_curve() -> None:
    document = schema.present("job_1", NO_EPOCHS, Points.of(NO_EPOCHS))
    assert (document["epochs"], document["train_loss"], document["next_after_epoch"]) == ([], [], 0)
    assert schema.to_csv(Points.of(NO_EPOCHS)) == b"epoch,train_loss\r\n"
    assert schema.to_ndjson(Points.of(NO_EPOCHS)) == b""


def test_csv_and_lines_of_json_hold_the_same_doubles() -> None:
    assert (
        schema.to_csv(Points.of(CURVE))
        == b"epoch,train_loss,accuracy\r\n3,0.1,0.0\r\n4,1e-07,0.5\r\n5,5.0,1.0\r\n"
    )
    lines = [json.loads(line) for line in schema.to_ndjson(Points.of(CURVE)).splitlines()]
    assert lines[1] == {"epoch": 4, "train_loss": 1e-07, "accuracy": 0.5}


_values = st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=300)


@given(_values, st.integers(6, 60))
def test_a_thinned_curve_keeps_its_ends_and_the_extremes_of_every_metric(
    values: list[float], most: int
) -> None:
    loss = np.array(values)
    whole = Points.of(Curve(11, {"train_loss": loss, "accuracy": -loss[::-1]}, has_more=False))
    thin = whole.thinned(most)
    assert len(thin.epochs) <= max(most, len(loss) if len(loss) <= most else 0)
    assert thin.epochs[0] == 11
    assert thin.epochs[-1] == 10 + len(loss)
    assert (np.diff(thin.epochs) > 0).all()
    for name, metric in whole.metrics.items():
        assert np.array_equal(thin.metrics[name], metric[thin.epochs - 11])
        assert thin.metrics[name].min() == metric.min()
        assert thin.metrics[name].max() == metric.max()


def test_pieces_join_to_the_whole() -> None:
    later = Curve(6, {"train_loss": np.array([4.0]), "accuracy": np.array([1.0])}, has_more=False)
    joined = Points.joined([Points.of(CURVE), Points.of(later)])
    assert joined.epochs.tolist() == [3, 4, 5, 6]
    assert joined.metrics["train_loss"].tolist() == [0.1, 1e-7, 5.0, 4.0]
    assert Points.joined([Points.of(NO_EPOCHS)]).metrics == {}


@pytest.mark.parametrize("curve", [CURVE, NO_EPOCHS], ids=["epochs", "no epochs"])
def test_pictures_are_pictures(curve: Curve) -> None:
    png = Image.open(io.BytesIO(picture.draw(Points.of(curve), "a job", "png")))
    assert (png.format, png.size) == ("PNG", (800, 450))
    assert len(set(png.convert("L").tobytes())) > 10, "the picture is blank"
    svg = ET.fromstring(picture.draw(Points.of(curve), "a job", "svg"))
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_curve_gives_the_same_bytes(kind: str) -> None:
    draw = picture.draw
    assert draw(Points.of(CURVE), "a job", kind) == draw(Points.of(CURVE), "a job", kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "$\\frac{1}{0}$", "]]>&amp;", "\\"])
def test_a_hostile_title_is_only_text(title: str) -> None:
    svg = picture.draw(Points.of(CURVE), title, "svg")
    assert b"<script" not in svg
    ET.fromstring(svg)
