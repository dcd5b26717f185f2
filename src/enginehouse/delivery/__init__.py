"""Delivery: waves on a calendar, the bundle of a wave, the outbox, contacts, and what became of each report. It draws nothing."""
