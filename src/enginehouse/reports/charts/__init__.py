"""A small chart kit: frozen specifications in, one SVG out, the same for HTML and PDF. Pure: no files, no clock."""
