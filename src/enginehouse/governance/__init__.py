"""Who may do what, in which stage, and who sees it; the table of stages and transitions; what may leave the house.

Rules are tables. It decides and explains; it does not act.
"""
