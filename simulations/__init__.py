"""Simulation studies: how often intervals hold the truth. Each has `run` (seeded) and `page` (what docs/ prints).

The tests run a seeded subset and `make simulate` the whole; `python -m docs.generate --simulations` writes the pages.
"""
