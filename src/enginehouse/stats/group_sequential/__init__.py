"""Looks at a trial before its end, planned: how alpha (and beta) are spent, the bounds that follow, and what one look
says. Looks at any time, unplanned, are in `stats.confidence_sequences`.
"""
