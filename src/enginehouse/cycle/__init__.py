"""One turn of the loop, one file per step: authorise, do, record."""
