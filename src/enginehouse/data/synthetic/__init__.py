"""A region that never existed: practices, list sizes, deprivation and prescribing rows, written as raw files.

Deterministic from one seed, calibrated on English practices, with the faults that real files have and, if asked, an
effect of a stated size. An effect is always passed in; nothing here invents one. Everything written says *synthetic*.
"""
