"""The service from the outside: the installed command, HTTP, and what is left when it ends."""
