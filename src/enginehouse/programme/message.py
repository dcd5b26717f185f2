"""`messages/*.yaml`: what a feedback report may say, and the conditions under which it may be said.

Texts have placeholders in braces that `feedback` fills from a site's own facts; none of these texts is in code.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from enginehouse.programme.enums import Recipient, SignalKind
from enginehouse.programme.spec import Many, Number, Positive, SchemaVersion, Slug, Spec, Text


class Conditions(Spec):
    """When a message may be chosen. What is left out does not matter."""

    gap_at_least: Number | None = None
    """The gap to the comparator, as a share of the site's own value, is at least this."""
    months_of_trend: int | None = Field(default=None, ge=6)
    """The trend has gone the same way over at least so many months; left out, over twelve."""
    going: Literal["better", "worse"] = "better"
    """Which way the trend must have gone; only where the signal is a `trend`."""
    change_at_least: Number | None = None
    """The change over the trend's months, as a share of where it began, is at least this."""
    certain: bool | None = True
    """Whether the difference must be more than noise (`true`), within noise (`false`), or either (`null`)."""


class Action(Spec):
    """One action: who does what, to whom, when, and how to find the patients in the site's own system."""

    who: Text
    """Who does it."""
    does: Text
    """What is done."""
    to_whom: Text
    """For which patients."""
    when: Text
    """By when, or at which occasion."""
    search: Text
    """How to find these patients in the site's own system."""


class Message(Spec):
    """One message."""

    schema_version: SchemaVersion = Field(alias="schema")
    """The version of this file's layout: 1."""
    id: Slug
    """The message's id: the file's name without `.yaml`."""
    indicator: Slug
    """The indicator that it speaks of."""
    signal: SignalKind = Field(strict=False)
    """What the data must say: a `gap`, a `trend`, an `achievement` or a `loss`."""
    when: Conditions = Conditions()
    """Under which conditions it may be said."""
    recipient: Recipient = Field(strict=False)
    """For whom it is written."""
    weight: Positive = 1
    """How much it counts beside other messages that could be said."""
    headline: Text
    """The key message, first on the page."""
    comparison: Text
    """How the site stands beside similar sites, in a sentence."""
    why: Text
    """Why it matters to patients."""
    evidence: Text
    """The evidence behind it."""
    guideline: Text
    """The guideline, with its address."""
    actions: Many[Action]
    """One to three actions."""
    barriers: Text
    """What often stands in the way, and the help that is offered."""
    balancing: Text
    """What must not get worse."""
    discussion: Text
    """A question for the team's next meeting."""
    components: Many[Text]
    """The behaviour change techniques in it, as the strategies name them."""
