"""Ids, half-open month periods, money with its price year, seeds, whole-or-absent files, and the error that users see.

Nothing here knows what a programme, a site or a trial is; nothing here imports from another room of the house.
"""
