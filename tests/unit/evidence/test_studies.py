"""What the library holds on a day, and what it refuses."""

from datetime import date

import pytest

from enginehouse.core.errors import Problems
from enginehouse.evidence.studies import (
    STUDY_FIELDS,
    EvidenceOnAnotherScale,
    Library,
    check_scale,
    library_from_record,
    study_from_record,
)
from enginehouse.programme.enums import EvidenceScale
from enginehouse.programme.study import Study


def test_it_holds_files_and_own_results_in_the_order_of_completion(file_study, own):
    library = Library.of([file_study(id="late", completed=2024), file_study(id="early", completed=2001)], [own(2)])
    assert [study.id for study in library.studies] == ["early", "own-cycle-2", "late"]
    assert [study.is_own for study in library.studies] == [False, True, False]


def test_the_past_is_shown_as_it_was_known(file_study, own):
    library = Library.of([file_study(completed=2019)], [own(2)])
    assert [study.id for study in library.as_of(date(2018, 12, 31)).studies] == []
    assert [study.id for study in library.as_of(date(2022, 6, 30)).studies] == ["one"]
    assert [study.id for study in library.as_of(date(2022, 7, 1)).studies] == ["one", "own-cycle-2"]


def test_repeated_ids_and_undated_results_are_told_together(file_study, own):
    with pytest.raises(Problems) as caught:
        Library.of([file_study(), file_study(), file_study(id="two")], [own(1, posted_on=None)])
    assert "got 2 studies with the id 'one'" in str(caught.value)
    assert "'own-cycle-1' does not say when it was posted" in str(caught.value)


def test_studies_are_found_by_strategy_comparator_and_scale(file_study):
    library = Library.of(
        [
            file_study(),
            file_study(id="odds", scale=EvidenceScale.LOG_ODDS_RATIO),
            file_study(id="other-question", over="usual-care"),
        ]
    )
    found = library.about(strategy="facilitation", over="bimonthly-feedback", scale=EvidenceScale.LOG_RATIO)
    assert [study.id for study in found.used] == ["one"]
    assert [study.id for study in found.on_another_scale] == ["odds"]


def test_evidence_on_another_scale_is_refused_with_a_way_out(study):
    with pytest.raises(EvidenceOnAnotherScale) as caught:
        check_scale(
            [study(), study(id="smd", scale=EvidenceScale.STANDARDISED_MEAN_DIFFERENCE)], EvidenceScale.LOG_RATIO
        )
    assert "evidence on another scale than log-ratio: smd (standardised-mean-difference)" in str(caught.value)
    assert "Convert the effect and its standard error at a stated baseline" in str(caught.value)


def test_records_are_read_back(file_study, own):
    library = Library.of(
        [file_study(sites=12, baseline=3.5)], [own(1, moderators={"imd": 30.0}, components=("visit",))]
    )
    assert library_from_record(library.to_record()) == library
    assert study_from_record(library.studies[1].to_record()) == library.studies[1]


def test_the_identity_is_that_of_the_content(file_study, own):
    library = Library.of([file_study()], [own(1)])
    assert library.identity == Library.of([file_study()], [own(1)]).identity
    assert library.identity != Library.of([file_study(effect=-0.06)], [own(1)]).identity


def test_the_library_has_every_field_of_a_row():
    assert set(Study.model_fields) <= set(STUDY_FIELDS)
