"""What must hold between the definitions of a programme and inside each of them, one module for each kind or theme.

Each check yields faults at keys of its file; `load.py` gives them their lines. What a file may hold at all is said by
its model, and what is only worth knowing by `advice.py`.
"""
