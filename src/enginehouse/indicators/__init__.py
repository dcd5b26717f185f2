"""From definitions to the panel: code classes, the cube of practice x month x class, numerators and denominators.

The panel is the one table that every later room consumes. No patient and no prescribing row leaves this room.
"""
