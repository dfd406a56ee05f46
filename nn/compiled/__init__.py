"""The compiled trainer: the reference's bits at the machine's speed. See docs/compiler.md."""
