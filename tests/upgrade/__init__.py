"""From the previous migration to this one, with jobs in every status."""
