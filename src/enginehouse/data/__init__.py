"""Routine data: sources, the warehouse of immutable snapshots, sites over time, quality checks, synthetic data.

Raw files end here as Parquet snapshots and a register of sites. What the numbers mean is `indicators`' business.
"""
