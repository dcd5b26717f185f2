"""Power, clusters needed, detectable difference and precision by closed formulas: numbers in, numbers out.

`t_power.py` has the distribution, `comparison.py` the four questions, asked of a `Comparison`; the other modules make
one for each design: `two_arms.py`, `several_arms.py`, `smart.py`. Margins are in `margins.py`. Designs measured in
periods are in `trials/longitudinal.py`; what the numbers of a programme are is estimated in `trials/history.py`.
"""
