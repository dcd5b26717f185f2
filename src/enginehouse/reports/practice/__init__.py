"""The report to one site: its page, the three ways of drawing it, and what was drawn. `practice_report.py` opens it."""
