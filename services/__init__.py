"""The microservice: an HTTP API, workers and a sweeper around one store."""
