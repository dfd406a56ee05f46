"""What the service tells those who watch it."""
