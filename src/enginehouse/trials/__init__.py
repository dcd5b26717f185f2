"""Trials: who takes part, what a design could show, how sites are allocated, and what is watched meanwhile.

Analyses are in `evaluation`; power is told which one to run.
"""
