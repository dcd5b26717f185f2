"""One turn of the loop, one file per step: authorise, do, record.

A step asks `governance` whether a person may do this now, lets the rooms below do it, and writes the event that says it
was done, with its documents, in one call. Here the content of pages is put together from record and results. Not here:
how anything is computed, drawn or stored, and how a person types it (`cli`).
"""
