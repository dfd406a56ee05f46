"""The wire format: JSON in becomes valid, frozen requests; rows become JSON. OpenAPI comes from here too."""

from services.schemas.submission import parse_job

__all__ = ["parse_job"]
