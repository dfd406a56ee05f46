"""The compiled trainer: the reference's bits at the machine's speed. docs/compiler.md tells how it is made."""
