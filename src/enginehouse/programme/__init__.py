"""What a health system wants to run, as files: frozen types, the loader that reports every problem, schemas, diff.

It reads definitions and knows what they mean; it does not read routine data, decide who may act, or compute results.
"""
