"""The compiled trainer: the reference's bits at the machine's speed. `README.md` tells how it is made."""
