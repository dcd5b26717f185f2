"""Each of the thirty rules with a report that meets it and one that does not; and their levels, from the literature."""

from dataclasses import replace

import pytest

from enginehouse.feedback.content import Change, Equity, Gap, Value
from enginehouse.feedback.linter import Level, Outcome, lint, lint_context, lint_drawing
from enginehouse.feedback.linter.goal_rules import is_patient_number
from enginehouse.feedback.linter.reading_rules import differ_in_grey
from enginehouse.feedback.linter.report import lint_from_record
from enginehouse.feedback.linter.rules import RULES
from enginehouse.feedback.linter.words import recipient_pattern
from enginehouse.programme.enums import NumeratorKind, Recipient, SignalKind

# Copied by hand from the table of thirty rules (B blocks, W warns, I logs): 15 blocks on the number of pages and warns on
# the rest, 19 blocks on banned words; that it warns on the rest of its tone is ours.
LEVELS = {
    1: "B", 2: "B", 3: "B", 4: "W", 5: "I", 6: "B", 7: "B", 8: "B", 9: "W", 10: "B",
    11: "B", 12: "W", 13: "B", 14: "W", 15: "BW", 16: "W", 17: "B", 18: "B", 19: "BW", 20: "W",
    21: "W", 22: "W", 23: "B", 24: "B", 25: "W", 26: "W", 27: "B", 28: "W", 29: "I", 30: "B",
}  # fmt: skip
LETTER = {Level.BLOCK: "B", Level.WARN: "W", Level.LOG: "I"}


def action(content, **changes):
    return (content.actions[0].model_copy(update=changes), *content.actions[1:])


def who(content, **changes):
    return {"credibility": replace(content.credibility, **changes)}


def other(content, **changes):
    return {"comparator": replace(content.comparator, **changes)}


def gap(content, **changes):
    return {"gap": replace(content.gap, **changes)}


# Rule, part, what is spoilt (content, facts, context), and the words that say so.
CASES = [
    (1, "content", {"content": lambda c: {"indicator": "statins"}}, "'statins' is not a registered priority"),
    (1, "content", {"content": lambda c: {"evidence": ""}}, "The evidence is missing"),
    (1, "content", {"content": lambda c: {"goal": ""}}, "The goal is missing"),
    (1, "content", {"content": lambda c: {"guideline": "NICE NG215"}}, "The guideline has no address"),
    (2, "content", {"content": lambda c: gap(c, share=0.01)}, "1.0% of the site's own value, less than 2.0%"),
    (2, "content", {"content": lambda c: {"actions": action(c, who="The hospital")}}, "whom the site does not direct"),
    (3, "content", {"content": lambda c: {"actions": ()}}, "There are 0 actions"),
    (3, "content", {"content": lambda c: {"actions": c.actions * 4}}, "There are 4 actions"),
    (3, "content", {"content": lambda c: {"actions": action(c, when=" ")}}, "lacks who, what, to whom or when"),
    (3, "content", {"content": lambda c: {"actions": action(c, does="Improve prescribing")}}, "does not say what to do"),
    (4, "content", {"content": lambda c: {"recipient": Recipient.PRACTICE_MANAGER}}, "no action names them"),
    (5, "content", {"content": lambda c: {"actions": action(c, does="audit your notes")}}, "asks the reader to gather"),
    (6, "content", {"content": lambda c: {"issue": replace(c.issue, of=1)}}, "feedback once changes little"),
    (6, "content", {"content": lambda c: {"issue": replace(c.issue, wave=7)}}, "Issue 7 of 6 is not in the registered"),
    (7, "content", {"content": lambda c: {"issue": replace(c.issue, data_age_days=121)}}, "121 days old; the limit is 120"),
    (7, "content", {"content": lambda c: {"issue": replace(c.issue, data_age_days=-1)}}, "had not ended"),
    (7, "drawing", {"facts": {"text": "No date"}}, "May 2025, is not on the page"),
    (8, "content", {"content": lambda c: {"own": None}}, "no own value, and no word why"),
    (9, "content", {"content": lambda c: {"actions": action(c, search=" ")}}, "Action 1 has no search"),
    (9, "content", {"content": lambda c: {"why": "Ask 943 476 5919."}}, "could be a patient's is in 'why'"),
    (10, "content", {"content": lambda c: other(c, reason="")}, "not said whom the site is compared with"),
    (10, "content", {"content": lambda c: other(c, target=12.0)}, "no better than the middle"),
    (10, "content", {"content": lambda c: {"comparison_words": "You are about average."}}, "told that it is average"),
    (10, "content", {"content": lambda c: {"headline": "H", "comparison_words": "C", "goal": "G"}}, "the target is not told"),
    (11, "content", {"content": lambda c: gap(c, unit="")}, "The gap has no unit"),
    (11, "content", {"content": lambda c: {"headline": "H", "comparison_words": "C", "goal": "G"}}, "The target is not told"),
    (11, "content", {"content": lambda c: {"headline": "17 fewer patients reach 6.0."}}, "nothing turns this indicator into"),
    (11, "content", {"content": lambda c: gap(c, patients=17.0)}, "has no source"),
    (11, "content", {"content": lambda c: gap(c, patients=17.0, conversion_source="S")}, "not marked 'about'"),
    (12, "content", {"content": lambda c: {"trend": replace(c.trend, own=(None,) * 18 + c.trend.own[18:])}}, "6 months of trend"),
    (12, "drawing", {"facts": {"trend_points": 6}}, "6 months of trend"),
    (12, "drawing", {"facts": {"campaign_start_marked": False}}, "start of the campaign is not marked"),
    (13, "content", {"content": lambda c: {"headline": "Your practice is at 21.7 mg."}}, "prints 21.7, which the data do not"),
    (13, "content", {"content": lambda c: {"headline": "At 20.0 your practice is below 6.0."}}, "It says 'below'"),
    (13, "content", {"content": lambda c: {"trend_words": "Your figure has risen."}}, "It says 'has risen'"),
    (13, "drawing", {"facts": {"chart_own": 25.0}}, "shows 25 where the data give 20.0"),
    (13, "drawing", {"facts": {"chart_target": None}}, "shows - where the data give 6.0"),
    (13, "drawing", {"facts": {"headline_numbers": ("20.0",)}}, "lacks 6.0"),
    (13, "drawing", {"facts": {"headline_numbers": ("20.0", "6.0", "99")}}, "prints 99"),
    (14, "drawing", {"facts": {"formats": ("html",)}}, "one mode only: html"),
    (14, "drawing", {"facts": {"charts": 0}}, "one mode only"),
    (15, "pages", {"facts": {"pages": 2}}, "It has 2 pages"),
    (15, "drawing", {"facts": {"charts": 3}}, "3 charts"),
    (15, "drawing", {"content": lambda c: {"headline": "1 2 3 4 5"}}, "The headline has 5 numbers"),
    (15, "drawing", {"facts": {"least_contrast": 3.2}}, "lowest contrast is 3.2"),
    (15, "drawing", {"facts": {"told_apart_without_colour": False, "chart_colours": ("#cc0000", "#007700")}}, "by colour alone"),
    (15, "content", {"context": {"reading_grade": 1.0}}, "the limit is 1"),
    (16, "content", {"content": lambda c: {"barriers": ""}}, "No barrier is named"),
    (16, "content", {"content": lambda c: {"barriers": "Time is short."}}, "no help is offered"),
    (17, "content", {"content": lambda c: {"headline": ""}}, "There is no headline"),
    (17, "content", {"content": lambda c: {"headline": "word " * 46}}, "46 words; 45"),
    (17, "drawing", {"facts": {"order": ("site_name", "why", "headline")}}, "'why' comes before the headline"),
    (18, "content", {"content": lambda c: who(c, source="")}, "does not say source"),
    (18, "content", {"content": lambda c: who(c, reply_to="")}, "does not say contact"),
    (18, "content", {"content": lambda c: who(c, denominator=0.0)}, "does not say denominator"),
    (18, "content", {"content": lambda c: {"disagree_words": ""}}, "does not say query"),
    (19, "banned-words", {"content": lambda c: {"why": "Too many practices are failing."}}, "'failing' in why blames"),
    (19, "banned-words", {"content": lambda c: {"goal": "You must reach 6.0."}}, "'You must' in goal"),
    (19, "banned-words", {"context": {"banned_words": ("slow reduction",)}}, "'slow reduction' in"),
    (19, "tone", {"content": lambda c: {"plan_words": "Plan.", "disagree_words": "Chance."}}, "leaves the choice"),
    (19, "tone", {"content": lambda c: {"disagree_words": "Tell us.", "uncertainty_words": "", "comparator": None, "trend_words": ""}}, "what the site cannot help"),
    (20, "content", {"content": lambda c: {"discussion": "Talk about it."}}, "no question for the team"),
    (21, "content", {"content": lambda c: {"plan_words": ""}}, "no place for a plan"),
    (22, "content", {"content": lambda c: {"disagree_words": ""}}, "no way to name exceptions"),
    (23, "content", {"content": lambda c: {"chosen": replace(c.chosen, reason="")}}, "not on record why"),
    (24, "content", {"content": lambda c: {"to_role": " "}}, "no role to which it goes"),
    (24, "content", {"content": lambda c: {"channel": ""}}, "or no channel"),
    (25, "content", {"content": lambda c: who(c, signed_by=("One",))}, "signed by 1"),
    (26, "content", {"content": lambda c: {"balancing": ""}}, "what must not get worse"),
    (27, "content", {"content": lambda c: {"own": Value(value=20, low=5, high=35), "headline": "At 20.0 you are above 6.0."}}, "'above', and the difference may be chance"),
    (27, "content", {"content": lambda c: {"uncertainty_words": "All is well."}}, "is not told"),
    (28, "content", {"content": lambda c: {"equity": Equity(lines=())}}, "no reason why not"),
    (29, "content", {"content": lambda c: {"components": (*c.components, "hypnosis")}}, "No technique is known for: hypnosis"),
    (30, "content", {"content": lambda c: {"components": (*c.components, "problem solving")}}, "too much: problem solving"),
    (30, "content", {"content": lambda c: {"components": c.components[1:]}}, "It lacks: feedback on behaviour"),
    (30, "content", {"content": lambda c: {"facilitation_words": ""}}, "lacks one that it gives"),
    (30, "content", {"content": lambda c: {"facilitation_words": "Come to a webinar."}}, "offers a contact that the design does not"),
    (30, "content", {"content": lambda c: {"arm": "plain-arm"}}, "of another arm"),
    (30, "content", {"content": lambda c: {"discussion": "Why are we in the visited arm group?"}}, "can be read in discussion"),
    (30, "drawing", {"facts": {"text": "May 2025 visited-arm"}}, "can be read in page"),
]  # fmt: skip


def found(report, rule, part):
    [finding] = [f for f in report.findings if (f.rule, f.part) == (rule, part)]
    return finding


def spoilt(change, content, facts, context):
    if "content" in change:
        content = replace(content, **change["content"](content))
    return content, replace(facts, **change.get("facts", {})), replace(context, **change.get("context", {}))


@pytest.mark.parametrize("number", range(1, 31))
def test_a_good_report_meets_every_rule(number, content, facts, context):
    report = lint(content, facts, context=context)
    assert [f.outcome for f in report.findings if f.rule == number] == [Outcome.PASSED] * len(RULES[number].parts)


@pytest.mark.parametrize(("rule", "part", "change", "words"), CASES, ids=[f"{c[0]}-{c[3][:20]}" for c in CASES])
def test_a_rule_that_is_not_met_says_why(rule, part, change, words, content, facts, context):
    content, facts, context = spoilt(change, content, facts, context)
    finding = found(lint(content, facts, context=context), rule, part)
    assert finding.outcome is Outcome.FAILED
    assert words in finding.words
    assert finding.where


def test_no_rule_and_no_part_is_without_a_failing_example():
    assert {(case[0], case[1]) for case in CASES} == {
        (number, part.name) for number, rule in RULES.items() for part in rule.parts
    }


def test_there_are_thirty_rules_at_the_levels_of_the_table():
    assert list(RULES) == list(range(1, 31))
    assert {n: "".join(dict.fromkeys(LETTER[p.level] for p in rule.parts)) for n, rule in RULES.items()} == LEVELS


@pytest.mark.parametrize("number", range(1, 31))
def test_every_rule_has_a_title_and_a_source(number):
    assert RULES[number].title
    assert RULES[number].source
    assert all((part.check is None) != (part.drawn is None) for part in RULES[number].parts)


def test_before_drawing_the_rules_about_the_page_are_listed_as_waiting(content, context):
    report = lint(content, context=context)
    assert {f.rule for f in report.waiting} == {7, 12, 13, 14, 15, 17, 30}
    assert not report.blocked
    assert not report.warnings


@pytest.mark.parametrize("changed", [{}, {"why": "Unacceptable."}, {"headline": ""}, {"components": ()}])
def test_judging_the_drawing_alone_gives_what_judging_all_of_it_gives(content, facts, context, changed):
    said = replace(content, **changed)
    for drawn in (facts, replace(facts, pages=2, charts=3), replace(facts, text="", order=(), trend_points=0)):
        before = lint(said, context=context)
        assert lint_drawing(before, said, drawn, context=context) == lint(said, drawn, context=context)


def test_what_was_found_about_another_report_is_not_taken_over(content, facts, context):
    with pytest.raises(ValueError, match="for another report"):
        lint_drawing(lint(content, context=context), replace(content, site="ods:other"), facts, context=context)


def test_what_blocks_and_what_warns(content, facts, context):
    bad = replace(content, why="Unacceptable.", discussion="Talk.")
    report = lint(bad, facts, context=context)
    assert report.blocked
    assert [f.rule for f in report.failed] == [19]
    assert [f.rule for f in report.warnings] == [20]


def test_logged_rules_never_block_or_warn(content, facts, context):
    odd = replace(content, actions=(content.actions[0].model_copy(update={"does": "audit your notes"}),))
    report = lint(odd, facts, context=context)
    assert not report.blocked
    assert not report.warnings
    assert report.design_attributes["automatic"] == "no"


def test_the_design_is_told_for_the_evidence(content, context):
    attributes = lint(content, context=context).design_attributes
    assert attributes["techniques"] == "1.3, 1.4, 2.2, 4.1, 5.1, 6.2, 9.1"
    assert attributes["automatic"] == "yes"
    assert attributes["issues"] == "6"
    assert attributes["offer"] == "yes"


def test_a_record_is_read_back_as_it_was(content, facts, context):
    report = lint(content, facts, context=context)
    assert lint_from_record(report.to_record()) == report


def test_where_nothing_can_be_said_rules_do_not_apply_and_say_so(content, facts, context):
    silent = replace(
        content, own=None, comparator=None, gap=None, cannot_be_said="No data.", headline="We cannot say.",
        comparison_words="", uncertainty_words="", trend=replace(content.trend, own=(None,) * 24), chosen=replace(content.chosen, signal=None),
    )  # fmt: skip
    report = lint(silent, replace(facts, headline_numbers=(), chart_own=None, chart_target=None), context=context)
    away = {f.rule: f.words for f in report.findings if f.outcome is Outcome.NOT_APPLICABLE}
    assert set(away) == {2, 8, 9, 10, 11, 12, 13, 14, 27}
    assert all(away.values())
    assert not report.blocked


def test_praise_asks_for_no_room(content, facts, context):
    praise = replace(content, chosen=replace(content.chosen, signal=SignalKind.ACHIEVEMENT))
    finding = found(lint(praise, facts, context=context), 2, "content")
    assert finding.outcome is Outcome.NOT_APPLICABLE


def test_an_equity_line_may_be_absent_with_a_reason(content, context):
    small = replace(content, equity=Equity(lines=(), reason="Numbers are too small."))
    finding = found(lint(small, context=context), 28, "content")
    assert (finding.outcome, finding.words) == (Outcome.NOT_APPLICABLE, "Numbers are too small.")


def test_an_indicator_of_patients_may_speak_of_them(content, context):
    told = replace(
        content,
        numerator_kind=NumeratorKind.PATIENTS,
        gap=Gap(amount=17, unit="patients", certain=True, share=0.5, patients=17),
        headline="17 fewer patients reach the best quarter (6.0).",
    )
    assert found(lint(told, context=context), 11, "content").outcome is Outcome.PASSED
    assert found(lint(told, context=context), 13, "content").outcome is Outcome.PASSED


def test_a_conversion_is_marked_about(content, context):
    told = replace(
        content,
        gap=replace(content.gap, patients=17.0, about=True, conversion_source="A survey"),
        headline="Your practice is at 20.0. About 17 fewer patients reach 6.0.",
    )
    assert found(lint(told, context=context), 11, "content").outcome is Outcome.PASSED
    bare = replace(told, headline="Your practice is at 20.0. 17 fewer patients reach 6.0.")
    assert "not marked 'about'" in found(lint(bare, context=context), 11, "content").words


def test_a_part_that_the_design_withholds_is_not_missed(make, content):
    bare = make.strategies()["letter"].model_copy(
        update={"components": tuple(c for c in make.components if c != "action planning")}
    )
    protocol = make.protocol(arms={"visited-arm": ["bare", "visits"], "full": ["letter"]})
    context = lint_context(protocol, make.strategies() | {"bare": bare}, make.settings().feedback, arm="visited-arm")
    withheld = replace(content, plan_words="", components=bare.components)
    finding = found(lint(withheld, context=context), 21, "content")
    assert finding.outcome is Outcome.NOT_APPLICABLE
    shown = found(lint(replace(withheld, plan_words="Plan."), context=context), 30, "content")
    assert "It shows 'plan_words', which the design withholds" in shown.words


def test_a_single_plain_word_is_no_name_of_an_arm(content, context):
    plain = replace(context, arm_names=("feedback", "visited-arm"))
    said = replace(content, discussion="Is this feedback of use?")
    assert found(lint(said, context=plain), 30, "content").outcome is Outcome.PASSED
    told = replace(content, discussion="Are we in the feedback group?")
    assert found(lint(told, context=plain), 30, "content").outcome is Outcome.FAILED


def test_a_trend_claim_within_noise_is_caught(content, context):
    unsure = Change(months=12, amount=-1, low=-3, high=1, share=-0.05, certain=False)
    noisy = replace(content, trend=replace(content.trend, change=unsure), trend_words="Your figure has fallen.")
    report = lint(noisy, context=context)
    assert found(report, 13, "content").outcome is Outcome.PASSED
    assert "'has fallen'" in found(report, 27, "content").words


def test_every_recipient_has_words():
    assert all(recipient_pattern(recipient).pattern for recipient in Recipient)


def test_an_nhs_number_is_known_by_its_check_digit():
    assert is_patient_number("943 476 5919")  # the published example
    assert not is_patient_number("943 476 5918")
    assert not is_patient_number("0113")


def test_black_and_white_differ_in_grey_and_red_and_green_may_not():
    assert differ_in_grey(("#000000", "#ffffff"))
    assert not differ_in_grey(("#cc0000", "#007700"))
    assert not differ_in_grey(())
