"""Whether an effect differs between groups of sites, and whether it changes the gradient across an attribute.

Both are interactions in estimating equations with working independence. A difference between groups is read from the
interaction, never from one group being significant and another not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.comparison import ArmWeights, Side, arms_of, comparison, members
from enginehouse.stats.fits import RANK_TOLERANCE
from enginehouse.stats.gee import ClusterCorrection, GeeFit, JointTest, gee, joint_test
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, Scale
from enginehouse.stats.trial_columns import Rows, adjustment, analysed_sites, check_arms
from enginehouse.stats.trial_data import TrialData

type Array = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.intp]

FEWEST_UNITS_A_CELL = 5
"""A group needs at least this many units of allocation in either arm."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupEffects:
    """The effect in each group, and whether groups differ.

    Attributes
    ----------
    effects
        One answer for each group, in order.
    interaction
        The effect in the last group of `compared` minus that in the first; on the log scale a ratio of ratios.
    joint
        The test that all groups of `compared` have the same effect; None where there are fewer than two.
    """

    effects: tuple[Estimated, ...]
    interaction: Estimated
    joint: JointTest | None


def group_effects(
    data: TrialData,
    group: Integers,
    *,
    groups: int,
    compared: Sequence[int],
    arm: Side = 1,
    over: Side = 0,
    scale: Scale = "log-ratio",
    correction: ClusterCorrection = ClusterCorrection.KC_MD_AVERAGE,
) -> GroupEffects | NotEstimable:
    """Effects of one arm over another by group of sites, with their interaction.

    Parameters
    ----------
    data
        The trial.
    group
        Group of each site, 0 to groups - 1, shape (n,).
    groups
        How many there are.
    compared
        Groups whose effects are compared, in order (without *not known*).
    arm, over, scale, correction
        As in `patient_average.patient_average`.

    Returns
    -------
    GroupEffects or NotEstimable

    Notes
    -----
    log E(Y_i) = log D_i + a[group] + b[group, arm_i] + z_i c over the sites of the compared arms, of which those of a
    side count the same; differences are standardised over the sites of the group. Groups with fewer than five units in
    an arm are left out, and say so.
    """
    rows = analysed_sites(data)
    rows = rows[np.isin(data.arm[rows], arms_of(arm, over))]
    refusal = check_arms(data, rows, arms_of(arm, over))
    if refusal is not None:
        return refusal
    kept = [which for which in range(groups) if _units(data, rows, group, which, arm, over) >= FEWEST_UNITS_A_CELL]
    if not kept:
        return NotEstimable(
            reason="too-few-units", detail=f"No group has {FEWEST_UNITS_A_CELL} units of allocation in each arm."
        )
    rows = rows[np.isin(group[rows], kept)]
    model = _GroupModel.of(data, rows, group[rows], kept, comparison(arm, over), correction)
    if isinstance(model, NotEstimable):
        return model
    values, gradients = model.effects(scale)
    refused = NotEstimable(
        reason="too-few-units",
        detail=f"Fewer than {FEWEST_UNITS_A_CELL} units of allocation of an arm are in this group.",
    )
    found = {
        which: model.fit.estimate(value, gradient, scale=scale)
        for which, value, gradient in zip(kept, values, gradients, strict=True)
    }
    interaction, joint = _compare(model.fit, [kept.index(g) for g in compared if g in kept], values, gradients, scale)
    if compared and not {compared[0], compared[-1]} <= set(kept):
        interaction = refused
    return GroupEffects(
        effects=tuple(found.get(which, refused) for which in range(groups)), interaction=interaction, joint=joint
    )


def _units(data: TrialData, rows: Rows, group: Integers, which: int, arm: Side, over: Side) -> int:
    inside = rows[group[rows] == which]
    return min(len(np.unique(data.unit[inside[data.arm[inside] == each]])) for each in arms_of(arm, over))


def _compare(
    fit: GeeFit, places: list[int], values: Array, gradients: Array, scale: Scale
) -> tuple[Estimated, JointTest | None]:
    if len(places) < 2:
        return NotEstimable(reason="one-group", detail="Only one group has enough units to be compared."), None
    low, high = places[0], places[-1]
    interaction = fit.estimate(values[high] - values[low], gradients[high] - gradients[low], scale=scale)
    contrasts = np.zeros((len(places) - 1, len(values)))
    contrasts[:, low] = -1.0
    contrasts[np.arange(len(places) - 1), places[1:]] = 1.0
    covariances = tuple(gradients @ matrix @ gradients.T for matrix in fit.covariances())
    return interaction, joint_test(values, covariances, contrasts, df=fit.df)


@dataclass(frozen=True, slots=True, eq=False)
class _GroupModel:
    """Columns: groups, groups in each arm but the one of reference (the last of `arms`), covariates."""

    fit: GeeFit
    design: Array
    denominator: Array
    member: npt.NDArray[np.bool_]
    weights: tuple[float, ...]

    @classmethod
    def of(
        cls,
        data: TrialData,
        rows: Rows,
        group: Integers,
        kept: list[int],
        compared: ArmWeights,
        correction: ClusterCorrection,
    ) -> _GroupModel | NotEstimable:
        member = group[:, None] == np.array(kept)[None, :]
        dummies = member.astype(float)
        arms = list(compared)[:-1]
        base = np.column_stack([dummies, *(dummies * (data.arm[rows] == arm)[:, None] for arm in arms)])
        extra = adjustment(data, rows)
        design = np.column_stack([base, _beside(base, extra.values)])
        numerator, denominator = (values[rows] for values in data.totals(before=False))
        fit = gee(numerator, design, clusters=data.unit[rows], offset=np.log(denominator), correction=correction)
        if isinstance(fit, NotEstimable):
            return fit
        return cls(fit, design, denominator, member, tuple(compared.values()))

    def effects(self, scale: Scale) -> tuple[Array, Array]:
        """The effect in each group, shape (g,), and its gradients, shape (g, p)."""
        arms = [self._logarithms(place) if scale == "log-ratio" else self._values(place) for place in self._places]
        values, gradients = (np.stack(parts) for parts in zip(*arms, strict=True))
        weights = np.array(self.weights)
        return weights @ values, np.einsum("a,agp->gp", weights, gradients)

    @property
    def _places(self) -> range:
        """Of the arms; the last is the one of reference and has no columns."""
        return range(len(self.weights))

    def _columns(self, place: int) -> slice:
        g = self.member.shape[1]
        return slice((place + 1) * g, (place + 2) * g)

    def _logarithms(self, place: int) -> tuple[Array, Array]:
        """Of one arm in each group, over the arm of reference."""
        gradients = np.zeros((self.member.shape[1], len(self.fit.coefficients)))
        if place < self._places[-1]:
            gradients[:, self._columns(place)] = np.eye(len(gradients))
        return gradients @ self.fit.coefficients, gradients

    def _values(self, place: int) -> tuple[Array, Array]:
        """Of each group if all its sites were in one arm."""
        g = self.member.shape[1]
        columns = self.design.copy()
        columns[:, g : len(self.weights) * g] = 0.0
        if place < self._places[-1]:
            columns[:, self._columns(place)] = self.member
        mean = self.denominator * np.exp(columns @ self.fit.coefficients)
        totals = self.member.T @ self.denominator
        return (self.member.T @ mean) / totals, (self.member.T @ (mean[:, None] * columns)) / totals[:, None]


def _beside(base: Array, extra: Array) -> Array:
    """The columns of `extra` that the columns of `base` do not already make."""
    both = np.column_stack([base, extra])
    remainders = np.zeros(both.shape[1])
    triangle = np.linalg.qr(both, mode="r")
    remainders[: min(both.shape)] = np.abs(np.diag(triangle))
    norms = np.linalg.norm(both, axis=0)
    return extra[:, (remainders > RANK_TOLERANCE * np.where(norms > 0, norms, 1.0))[base.shape[1] :]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradientChange:
    """How the gradient across an attribute changed in one arm, against the change in the other.

    Attributes
    ----------
    change
        The log of (index after / index before in the arm) over the same in its comparator.
    indices
        Relative indices of inequality: arm before and after, comparator before and after. The model's value at the
        highest end of the attribute over that at the lowest.
    sites
        Of the arm and of its comparator, with a value of the attribute.
    """

    change: Estimate
    indices: tuple[float, float, float, float]
    sites: tuple[int, int]


def gradient_change(
    data: TrialData,
    attribute: npt.ArrayLike,
    *,
    arm: Side = 1,
    over: Side = 0,
    correction: ClusterCorrection = ClusterCorrection.KC_MD_AVERAGE,
) -> GradientChange | NotEstimable:
    """The change in the relative index of inequality between baseline and follow-up, one arm against another.

    Parameters
    ----------
    data
        With at least one baseline month.
    attribute
        Shape (n,), `nan` where not known: deprivation, for example, higher for more.
    arm, over, correction
        As in `patient_average.patient_average`.

    Returns
    -------
    GradientChange or NotEstimable

    Notes
    -----
    log E(Y_ip) = log D_ip + (1, r_i) x (1, arm_i) x (1, post_p): sums over baseline (p = 0) and follow-up (p = 1),
    working independence, robust by unit of allocation. r_i is the site's ridit: the share of patients in sites with
    less of the attribute, plus half of those with as much, over both arms at baseline. exp of a coefficient of r is a
    relative index of inequality; the answer is that of r x arm x post.

    References
    ----------
    Mackenbach JP, Kunst AE. Soc Sci Med 1997;44:757-771. Moreno-Betancur M et al. Epidemiology 2015;26:518-527.
    """
    values = np.asarray(attribute, dtype=float)
    rows = analysed_sites(data)
    rows = rows[np.isin(data.arm[rows], arms_of(arm, over)) & np.isfinite(values[rows])]
    if not data.n_before:
        return NotEstimable(reason="no-baseline", detail="A change needs baseline months.")
    refusal = check_arms(data, rows, arms_of(arm, over))
    if refusal is not None:
        return refusal
    before, after = (tuple(part[rows] for part in data.totals(before=when)) for when in (True, False))
    rank = ridit(values[rows], before[1])
    treated = np.isin(data.arm[rows], members(arm)).astype(float)
    base = np.column_stack([np.ones(len(rows)), rank, treated, treated * rank])
    design = np.block([[base, np.zeros_like(base)], [base, base]])
    fit = gee(
        np.concatenate([before[0], after[0]]),
        design,
        clusters=np.tile(data.unit[rows], 2),
        offset=np.log(np.concatenate([before[1], after[1]])),
        correction=correction,
        names=("intercept", "rank", "arm", "arm x rank", "post", "post x rank", "post x arm", "post x arm x rank"),
    )
    if isinstance(fit, NotEstimable):
        return fit
    b = dict(zip(fit.names, fit.coefficients, strict=True))
    logs = (
        b["rank"] + b["arm x rank"],
        b["rank"] + b["arm x rank"] + b["post x rank"] + b["post x arm x rank"],
        b["rank"],
        b["rank"] + b["post x rank"],
    )
    in_arm = int(treated.sum())
    return GradientChange(
        change=fit.contrast({"post x arm x rank": 1.0}),
        indices=tuple(float(np.exp(value)) for value in logs),  # type: ignore[arg-type]
        sites=(in_arm, len(rows) - in_arm),
    )


def ridit(values: Array, weights: Array) -> Array:
    """Each value's relative rank, 0 to 1: the weight of smaller values and half of that of equal ones; shape (n,)."""
    distinct, codes = np.unique(values, return_inverse=True)
    weight = np.bincount(codes, weights=weights, minlength=len(distinct))
    middle = np.cumsum(weight) - weight / 2
    return np.asarray((middle / weight.sum())[codes])
