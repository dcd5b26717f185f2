"""Priorities: candidates weighed against each other: implement, evaluate, or do not pursue."""
