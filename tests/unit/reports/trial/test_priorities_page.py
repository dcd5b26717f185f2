"""The page of priorities gives each candidate its answer, its reason, what would change it, and what changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enginehouse.priorities.changes import what_changed
from enginehouse.priorities.results import ChangeKind, Priorities
from enginehouse.programme.enums import Priority
from enginehouse.reports.content import Callout, DataTable, Document
from enginehouse.reports.html import render_html
from enginehouse.reports.messages import has_message
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.priorities import OverrideFact, answer_words, priorities_document
from enginehouse.reports.text import render_text


def document_of(priorities: Priorities, before: Priorities | None = None, *, overridden: bool = False) -> Document:
    changes = what_changed(before, priorities) if before is not None else ()
    override = OverrideFact(
        candidate=priorities.weighed[0].candidate,
        computed=Priority.IMPLEMENT.value,
        chosen=Priority.EVALUATE_ONLY.value,
        reason="No money this year.",
        by="The board",
        on="2026-07-23",
    )
    return priorities_document(
        priorities,
        programme="P",
        changes=changes,
        overrides=(override,) if overridden else (),
        synthetic=True,
    )


def text_of(document: Document) -> str:
    return " ".join(render_text(document).replace("\n| ", "\n").split())


def test_every_answer_and_every_kind_of_change_has_its_word() -> None:
    assert [answer_words(answer) for answer in Priority] == [answer.value for answer in Priority]
    assert all(has_message(f"priorities.input_kind.{kind.value}") for kind in ChangeKind)


def test_each_candidate_has_its_answer_with_the_reason(priorities: Priorities) -> None:
    document = document_of(priorities)
    sections = {section.id: section for section in document.sections}
    for weighed in priorities.weighed:
        section = sections[f"candidate-{weighed.candidate}"]
        (callout,) = [b for b in section.blocks if isinstance(b, Callout)]
        assert callout.title.lower() == weighed.priority.value
        assert callout.text
        assert not callout.text.lower().startswith(weighed.priority.value)


def test_the_most_valuable_come_first_with_both_rules(priorities: Priorities) -> None:
    table = next(b for b in document_of(priorities).sections[0].blocks if isinstance(b, DataTable))
    assert [row[0] for row in table.rows] == [weighed.title for weighed in priorities.ranked]
    for row, weighed in zip(table.rows, priorities.ranked, strict=True):
        assert row[1] == f"**{weighed.priority.value}**"
        assert row[6] == weighed.value_rule.value


def test_the_best_trial_is_marked(priorities: Priorities) -> None:
    for section in document_of(priorities).sections:
        for table in (b for b in section.blocks if isinstance(b, DataTable) and b.caption.startswith("Trials")):
            assert sum("(the best)" in row[0] for row in table.rows) == 1


def test_what_changed_since_last_time_and_why(priorities: Priorities, priorities_before: Priorities) -> None:
    text = text_of(document_of(priorities, priorities_before))
    assert "What changed since last time, and why" in text
    assert "own-facilitation" in text
    assert "the evidence alone would have been enough" in text
    same = text_of(document_of(priorities, priorities))
    assert "No answer has changed since last time." in same


def test_a_decision_against_the_rule_is_told_with_its_reason(priorities: Priorities) -> None:
    text = text_of(document_of(priorities, overridden=True))
    assert "The board chose “evaluate only” on 23 July 2026; the rule had said “implement”" in text
    assert "Reason: No money this year." in text


def test_ids_of_candidates_are_not_printed(priorities: Priorities) -> None:
    text = text_of(document_of(priorities))
    assert not [w.candidate for w in priorities.weighed if w.candidate in text]


def test_nothing_to_weigh_is_said(priorities: Priorities) -> None:
    empty = priorities_document(replace(priorities, weighed=()), programme="P")
    assert "Nothing was put forward to be weighed." in text_of(empty)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_numbers_of_studies_are_said_rightly(priorities: Priorities, count: int) -> None:
    text = text_of(document_of(replace(priorities, studies=count)))
    assert {0: "with 0 studies", 1: "with 1 study", 2: "with 2 studies"}[count] in text


def test_it_is_a_page_and_a_pdf(priorities: Priorities, priorities_before: Priorities) -> None:
    document = document_of(priorities, priorities_before, overridden=True)
    assert b"synthetic" in render_html(document)
    assert render_pdf(document)
