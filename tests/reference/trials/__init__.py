"""Cluster trials against reference cases: a file of inputs and expected numbers in, a line for each case out.

`python -m tests.reference.trials CASES.json [--data FOLDER]`. `cases.py` knows the file, `compare.py` the tolerances,
`tables.py` the data sets, `formula.py` the models written as R formulas, and `topics` what answers each case. This is the
one package of the tests that other modules import.
"""
