"""The placeholders that the texts of a message may have in braces, and what each stands for.

`feedback` fills them from a site's own facts; a test there shows that it fills each. A text with another placeholder
is refused when the programme is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Final

PLACEHOLDERS: Final[Mapping[str, str]] = {
    "site_name": "The site's name.",
    "value": "The site's own value, as it is displayed.",
    "unit": "The unit in which values are displayed.",
    "typical": "The middle value of similar sites.",
    "target": "The value that is to be reached.",
    "gap": "How far the site is from the target, in the gap's own unit.",
    "gap_unit": "The unit of that gap.",
    "similar": "How many similar sites there are.",
    "months": "Over how many months the trend has gone the same way.",
    "change": "The change over those months.",
    "last_month": "The newest month in the report.",
    "first_month": "The first month in the report.",
    "campaign_start": "The month in which the campaign started.",
}
"""Name and meaning, in the order in which messages of refusal list them."""


def placeholders_in(text: str) -> Iterator[str]:
    """Every name in braces, in order; doubled braces stand for a brace.

    Raises
    ------
    ValueError
        A brace is not closed, or stands alone.
    """
    for _, name, form, conversion in Formatter().parse(text):
        if name is not None:
            yield f"{name}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}"
