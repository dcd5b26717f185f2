"""The one page for a board: what we asked, did, found, spent, decided and do next, without a term of art."""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.feedback.content import Format
from enginehouse.reports.trial_sections.basis import TrialBasis


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """The page as HTML and as a PDF of one A4 page."""

    html: bytes
    pdf: bytes
    text: bytes
    pages: int


def render_board(basis: TrialBasis, *, next_steps: tuple[str, ...] = (), formats: tuple[Format, ...] = ()) -> BoardPage:
    """The board's page of one evaluated trial; `next_steps` are what the programme does next, each in a sentence."""
    raise NotImplementedError
