"""The record: append-only typed events in a hash chain, and the immutable documents that they name.

It knows how an act is written down, kept and verified; not who may act (`governance`), nor what an act does (`cycle`).
"""
