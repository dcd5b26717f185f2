"""Costs beside effects: what a campaign cost, what it saved at a sourced price, break-even, probability of return.

It takes estimates as they are; it never makes one.
"""
