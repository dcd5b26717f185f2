"""Figures, tables and documents: the only room that draws. Plain objects come in; HTML, PDF and text go out.

Wording lives in `messages/`, layout in `templates/`; numbers are formatted here and computed elsewhere.
"""
