"""The stack of docker-compose.yml, built, started and broken from outside: `make compose-test`."""
