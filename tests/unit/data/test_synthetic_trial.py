"""A region for a trial: written month by month, in networks, with effects that reach single practices."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month, Period
from enginehouse.data.synthetic.effects import practice_ratios, reached_practices
from enginehouse.data.synthetic.parameters import PROSPECTIVE, PlantedEffect, RegionParameters
from enginehouse.data.synthetic.rates import planted_ratios
from enginehouse.data.synthetic.region import Region, make_region
from enginehouse.data.synthetic.rows import drawn_items, presentations
from enginehouse.data.synthetic.write import drawn_from, months_written, size_and_seed, write_region
from enginehouse.indicators.weight_tables import weight_table

SMALL = RegionParameters(
    practices=24,
    areas=2,
    regions=1,
    first_month=Month(2024, 1),
    months=8,
    sections=("4.7",),
    mergers=1,
    closures=1,
    openings=1,
    events_from=5,
    events_until=7,
    drawn_months=20,
    networks=True,
    deprivation_year=2019,
)
HISTORY = Period(Month(2024, 1), Month(2024, 6))
REST = Period(Month(2024, 6), Month(2024, 9))
TREATED = PlantedEffect(
    section="4.7",
    practices=("Z90002", "Z90003"),
    from_month=Month(2024, 6),
    ratio=0.5,
    name="trial",
)


def contents(folder: Path, pattern: str = "EPD_*.csv") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob(pattern)}


def test_months_written_one_after_another_are_those_written_at_once(tmp_path: Path):
    write_region(tmp_path / "once", SMALL, effects=[TREATED])
    for month in SMALL.period:
        write_region(tmp_path / "bit-by-bit", SMALL, effects=[TREATED], months=Period(month, month + 1))
    assert contents(tmp_path / "once", "*.csv") == contents(tmp_path / "bit-by-bit", "*.csv")
    once, after = (json.loads((tmp_path / name / "truth.json").read_text()) for name in ("once", "bit-by-bit"))
    assert once == after


def test_what_is_planted_later_changes_no_month_before(tmp_path: Path):
    write_region(tmp_path, SMALL, months=HISTORY)
    before = contents(tmp_path)
    write_region(tmp_path, SMALL, effects=[TREATED], months=REST)
    after = contents(tmp_path)
    assert len(before) == 5
    assert len(after) == 8
    assert before.items() < after.items()


def test_a_longer_region_keeps_its_months(tmp_path: Path):
    write_region(tmp_path / "short", SMALL)
    write_region(tmp_path / "long", replace(SMALL, months=14))
    assert contents(tmp_path / "short").items() < contents(tmp_path / "long").items()
    assert drawn_from(SMALL, [], Month(2024, 2)) == drawn_from(replace(SMALL, months=14), [], Month(2024, 2))


def test_registers_say_what_was_known_by_then(tmp_path: Path):
    region = make_region(SMALL)
    (old,) = (number for number in region.successor)
    (opening,) = region.opened
    write_region(tmp_path, SMALL, months=HISTORY)
    assert (tmp_path / "successors.csv").read_text() == "practice,successor,from\n"
    for name in ("epraccur.csv", "practice-map.csv", "deprivation.csv"):
        text = (tmp_path / name).read_text("latin-1")
        assert region.practices[opening] not in text
        assert region.practices[old] in text
    assert '"C"' not in (tmp_path / "epraccur.csv").read_text("latin-1")
    assert len(contents(tmp_path, "gp-reg-pat-prac-all_*.csv")) == 2  # January and April
    write_region(tmp_path, SMALL, months=REST)
    assert region.practices[old] in (tmp_path / "successors.csv").read_text()
    assert region.practices[opening] in (tmp_path / "practice-map.csv").read_text("latin-1")
    assert (tmp_path / "epraccur.csv").read_text("latin-1").count('"C"') == 2


def test_practices_merge_close_and_open_between_the_months_that_are_asked():
    region = make_region(PROSPECTIVE)
    months = [*region.opened.values(), *region.closed.values()]
    assert len(months) == 4
    assert all(26 <= month < 33 for month in months)


def test_networks_have_four_to_eight_practices_of_one_area():
    region = make_region(PROSPECTIVE)
    sizes = Counter(region.network_of)
    assert set(sizes.values()) <= set(range(4, 9))
    assert len(set(sizes.values())) > 1
    areas = {network: set() for network in sizes}
    for network, area in zip(region.network_of, region.area_of, strict=True):
        areas[network].add(int(area))
    assert all(len(found) == 1 for found in areas.values())


def test_the_map_names_the_network_only_where_there_are_any(tmp_path: Path):
    write_region(tmp_path / "with", SMALL, months=Period(Month(2024, 1), Month(2024, 2)))
    header, first, *_ = (tmp_path / "with" / "practice-map.csv").read_text("latin-1").splitlines()
    assert header.endswith(",PCN_CODE")
    assert first.endswith(",X01N1")
    assert (tmp_path / "with" / "deprivation.csv").read_text().startswith("practice,imd_2019_score\n")


def test_an_effect_by_practice_moves_those_practices_alone():
    region = make_region(SMALL)
    shift = planted_ratios(region, "4.7", [TREATED])
    assert shift[[1, 2]][:, 5:] == pytest.approx(0.5)
    assert shift[[1, 2]][:, :5] == pytest.approx(1.0)
    assert np.delete(shift, [1, 2], axis=0) == pytest.approx(1.0)


def drawn(region: Region, *effects: PlantedEffect) -> np.ndarray:
    """Items by month, practice, product and whether they are of the usual quantity."""
    months = drawn_items(region, presentations(["4.7"]), effects)
    return np.stack([np.stack([usual, items - usual], axis=2) for _, items, usual in months])


def test_all_but_what_was_planted_is_the_same_with_and_without_it():
    region = make_region(SMALL)
    other = replace(TREATED, practices=("Z90002", "Z90011"), ratio=1.5)
    without, planted, elsewhere = drawn(region), drawn(region, TREATED), drawn(region, other)
    assert (planted[:5] == without[:5]).all()
    assert (np.delete(planted, [1, 2], axis=1) == np.delete(without, [1, 2], axis=1)).all()
    assert (planted[5:, [1, 2]] <= without[5:, [1, 2]]).all()
    assert (np.delete(elsewhere, [1, 10], axis=1) == np.delete(without, [1, 10], axis=1)).all()
    assert (elsewhere[5:, [1, 10]] >= without[5:, [1, 10]]).all()
    both = drawn(region, replace(TREATED, practices=("Z90003",)), TREATED)
    assert (both[:, 1] == planted[:, 1]).all(), "what one practice gets changes nothing of another"


@pytest.mark.parametrize(("ratio", "spread"), [(0.8, 0.8 * 0.2), (1.3, 0.3)])
def test_what_is_planted_has_the_mean_and_the_spread_of_a_poisson_number(ratio: float, spread: float):
    """Of n items, each stays with chance r: r n, give or take r (1 - r) n. Or a Poisson number of (r - 1) n is added."""
    region = make_region(replace(SMALL, practices=400, areas=2))
    effect = replace(TREATED, practices=region.practices, ratio=ratio)
    before, after = (drawn(region, *effects)[5:].astype(float) for effects in ((), (effect,)))
    total = before.sum()
    assert after.sum() == pytest.approx(ratio * total, abs=4 * np.sqrt(spread * total))
    moved = after - ratio * before
    # Where items are added, what was drawn before differs from its mean by a Poisson number, too: (r - 1)^2 of its spread.
    expected = spread * total if ratio < 1 else (spread + (ratio - 1) ** 2) * total
    assert np.square(moved).sum() == pytest.approx(expected, rel=0.05)


def test_the_mean_over_all_is_the_ratio_whoever_is_reached():
    parameters = RegionParameters(practices=4000, areas=4, regions=1, mergers=0, closures=0, openings=0)
    region = make_region(parameters)
    effect = PlantedEffect(
        section="4.7",
        practices=region.practices,
        from_month=Month(2019, 1),
        ratio=0.9,
        reached=0.8,
        spread=0.1,
        name="x",
    )
    ratios = np.array(list(practice_ratios(region, effect).values()))
    assert effect.ratio_where_reached == pytest.approx(1 - 0.1 / 0.8)
    # 4,000 practices: the standard error of the mean is 0.09 / 63, of the share 0.4 / 63.
    assert ratios.mean() == pytest.approx(0.9, abs=0.005)
    assert (ratios != 1).mean() == pytest.approx(0.8, abs=0.02)
    assert np.log(ratios[ratios != 1]).std() == pytest.approx(0.1, rel=0.05)
    assert len(reached_practices(region, effect)) == (ratios != 1).sum()


def test_who_is_reached_depends_on_the_practice_and_the_effect_alone():
    region = make_region(SMALL)
    some = PlantedEffect(
        section="4.7", practices=region.practices[:6], from_month=Month(2024, 6), ratio=0.9, reached=0.5, name="a"
    )
    all_of_them = replace(some, practices=region.practices)
    assert practice_ratios(region, some).items() < practice_ratios(region, all_of_them).items()
    assert practice_ratios(region, replace(all_of_them, name="b")) != practice_ratios(region, all_of_them)


def test_the_truth_tells_what_each_practice_got(tmp_path: Path):
    write_region(tmp_path, SMALL, effects=[TREATED])
    (effect,) = json.loads((tmp_path / "truth.json").read_text())["effects"]
    assert effect["practices"] == {"Z90002": 0.5, "Z90003": 0.5}
    assert size_and_seed(tmp_path) == (24, SMALL.seed)
    assert list(months_written(tmp_path)) == list(SMALL.period)


def test_a_month_whose_file_is_gone_counts_as_not_written(tmp_path: Path):
    write_region(tmp_path, SMALL)
    next(tmp_path.glob("EPD_SNOMED_202403.csv")).unlink()
    assert Month(2024, 3) not in months_written(tmp_path)
    (tmp_path / "truth.json").write_text("{broken")
    assert months_written(tmp_path) == {}
    assert size_and_seed(tmp_path) is None


@pytest.mark.parametrize("wrong", [{"ratio": 0.0}, {"reached": 0.0}, {"spread": -1.0}, {"ratio": 0.4, "reached": 0.5}])
def test_an_effect_that_cannot_be_planted_is_refused(wrong: dict[str, float]):
    with pytest.raises(UserError, match=r"above 1 less the share that is reached"):
        PlantedEffect(**{"section": "4.7", "from_month": Month(2024, 6), "ratio": 0.9, **wrong})


def test_a_month_outside_the_region_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="got 2024-09; this region has the months 2024-01 to 2024-08"):
        write_region(tmp_path, SMALL, months=Period(Month(2024, 1), Month(2024, 10)))


@pytest.mark.parametrize("wrong", [{"events_from": 0}, {"events_from": 4, "events_until": 4}])
def test_events_before_there_is_a_region_are_refused(wrong: dict[str, int]):
    with pytest.raises(UserError, match="at least one month before a practice opens or closes"):
        RegionParameters(**wrong)


def test_gabapentinoids_come_near_the_real_amount():
    # 4,755 English practices, 2018-2019: 0.37 defined daily doses for each patient and month (geometric mean).
    products = presentations(["4.8"])
    weights = weight_table("gabapentinoid-ddd").of([product.bnf_code for product in products])
    quantities = [
        p.items_per_1000 / 1000 * (p.usual_share * p.usual_quantity + (1 - p.usual_share) * p.other_quantity)
        for p in products
    ]
    assert float(weights @ quantities) == pytest.approx(0.37, abs=0.12)
