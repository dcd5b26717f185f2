"""Feedback: what a report says to one site, why that was chosen, and whether it may be sent.

Drawing is in `reports`; sending in `delivery`.
"""
