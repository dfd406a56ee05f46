"""The HTTP interface: parse, call one use case, present. `docs/api.md` is the map."""
