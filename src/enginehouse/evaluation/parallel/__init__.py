"""The parallel cluster trial: what was registered, run on the frozen panel with the arms that the record holds."""
