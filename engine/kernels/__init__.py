"""Native building blocks that keep every sum's order: matrix products, programs over lanes, laned sums,
shuffles."""
