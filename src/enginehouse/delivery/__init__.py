"""Delivery: waves on a calendar, their bundles, the outbox, contacts, and what became of each report.

It receives finished reports as bytes and draws nothing.
"""
