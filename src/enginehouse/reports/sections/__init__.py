"""The sections of a dossier, one file each, in words from `messages/dossier.yaml`.

They choose and format; no numbers are made here.
"""
