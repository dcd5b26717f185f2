"""How every page's template is read: escaped, with nothing missing in silence."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def template_environment() -> Environment:
    """A new environment over the templates of this room, to be given what a kind of page needs."""
    return Environment(
        loader=PackageLoader("enginehouse.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
