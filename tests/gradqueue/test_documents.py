"""The client's types are the service's documents."""

from __future__ import annotations

import pytest

from gradqueue import documents as client
from gradqueue.problem import InputError
from services.schemas import documents as service


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (client.Job, service.JobDocument),
        (client.Progress, service.ProgressDocument),
        (client.Durations, service.DurationsDocument),
        (client.JobError, service.ErrorDocument),
        (client.Dataset, service.DatasetDocument),
        (client.DescribedDataset, service.DescribedDatasetDocument),
        (client.Column, service.ColumnDocument),
        (client.DatasetWarning, service.WarningDocument),
        (client.Weights, service.WeightsDocument),
        (client.Scaler, service.ScalerDocument),
        (client.Layer, service.LayerDocument),
        (client.Predictions, service.PredictionsDocument),
        (InputError, service.InputProblem),
    ],
)
def test_the_client_knows_every_field_that_the_service_sends(here: type, there: type) -> None:
    assert set(here.__annotations__) == set(there.__annotations__)
