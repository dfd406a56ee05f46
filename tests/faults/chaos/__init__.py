"""Faults at random, from a seed."""
