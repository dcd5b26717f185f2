"""Embedded regimes of a cluster SMART: who is consistent with which, and with what weight; what each would give."""
