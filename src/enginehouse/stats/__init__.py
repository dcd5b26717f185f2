"""Numerical methods: arrays and small frozen dataclasses in, results out.

A method says its estimand, its equation and its source in its docstring. Nothing here reads files, draws, or knows what
a programme is. No pandas and no pydantic.
"""
