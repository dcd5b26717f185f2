"""The report to one site, word for word, as it goes into an e-mail.

When the wording is meant to change: `ENGINEHOUSE_UPDATE_GOLDEN=1 pytest tests/golden/reports`, then read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from enginehouse.feedback.content import content_from_record
from enginehouse.reports.practice_report import render_report

PRACTICE = Path(__file__).parent / "practice"


def test_the_report_to_one_practice() -> None:
    content = content_from_record(json.loads((PRACTICE / "content.json").read_text("utf-8")))
    text = render_report(content, ("text",)).files["text"].decode()
    golden = PRACTICE / "report.txt"
    if os.environ.get("ENGINEHOUSE_UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
