"""The sections of a trial's dossier, in words from `messages/trial.yaml`.

They choose and format; no numbers are made here.
"""
