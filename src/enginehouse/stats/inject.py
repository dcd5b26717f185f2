"""An effect put into real outcomes: what a history would have looked like with an effect of a stated size.

The effect is always passed in; nothing here chooses one. Used to try a design on the sites' own history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month
from enginehouse.stats.trial_data import OutcomeKind

Array = npt.NDArray[np.float64]


def inject_effect(
    numerators: Array,
    sites: Sequence[str],
    months: Sequence[Month],
    *,
    ratio_by_site: Mapping[str, float],
    from_month: Month,
    kind: OutcomeKind,
    rng: np.random.Generator,
    denominators: Array | None = None,
) -> Array:
    """The numerators as they would have been with each named site's outcome multiplied by its ratio.

    Parameters
    ----------
    numerators : array, shape (sites, months)
        Observed sums, not negative; `nan` stays `nan`.
    sites, months
        Names of rows and columns.
    ratio_by_site
        Not negative; a site that is not named keeps its outcomes.
    from_month
        The first month with the effect (inclusive).
    kind : {"count", "quantity", "proportion"}
    rng
        Draws of the thinning and of what is added; not used for quantities.
    denominators : array, shape (sites, months)
        Needed for proportions, whose numerators stay within them.

    Returns
    -------
    array, shape (sites, months)

    Raises
    ------
    UserError
        A named site is not among the sites, or a ratio is negative or not finite.

    Notes
    -----
    For each value y with ratio r, given y: counts below 1 are thinned, y* ~ Binomial(y, r); above 1 something is
    added, y* = y + Poisson((r - 1) y). Quantities are multiplied, y* = r y. Proportions below 1 are thinned; above 1
    those that are not in the numerator are moved there, y* = y + Binomial(d - y, (r - 1) y / (d - y)), at most d. So
    E(y* | y) = r y (for proportions the smaller of that and d). If y is Poisson with mean m, a thinned count is
    Poisson with mean r m. The part of a count behind the decimal point is multiplied.

    Examples
    --------
    >>> import numpy as np
    >>> months = [Month(2020, 1), Month(2020, 2)]
    >>> halved = inject_effect(
    ...     np.array([[8.0, 8.0], [8.0, 8.0]]), ["a", "b"], months, ratio_by_site={"a": 0.5},
    ...     from_month=Month(2020, 2), kind="quantity", rng=np.random.default_rng(1))
    >>> halved.tolist()
    [[8.0, 4.0], [8.0, 8.0]]
    """
    unknown = sorted(set(ratio_by_site) - set(sites))
    if unknown:
        raise UserError(
            f"an effect was given for {', '.join(unknown)}, which the outcomes do not hold.",
            where="effect",
            remedy="Name sites of the panel.",
        )
    ratios = np.array([ratio_by_site.get(site, 1.0) for site in sites])
    after = np.array([month >= from_month for month in months])
    return inject_ratios(numerators, ratios, after, kind=kind, rng=rng, denominator=denominators)


def inject_ratios(
    numerator: Array,
    ratio: Array,
    after: npt.NDArray[np.bool_],
    *,
    kind: OutcomeKind,
    rng: np.random.Generator,
    denominator: Array | None = None,
) -> Array:
    """The numerators with each row's outcome multiplied by its ratio in the columns of `after`.

    Parameters
    ----------
    numerator : array, shape (n, months)
    ratio : array, shape (n,)
    after : boolean array, shape (months,)
    kind, rng, denominator
        As in `inject_effect`.

    Returns
    -------
    array, shape (n, months)
    """
    if not (np.all(np.isfinite(ratio)) and np.all(ratio >= 0)):
        raise UserError("an effect's ratio is negative or not a number.", where="effect", remedy="1 is no effect.")
    if kind == "proportion" and denominator is None:
        raise UserError("a proportion needs its denominators.", where="effect", remedy="Pass denominators.")
    changed = numerator.copy()
    rows, columns = np.flatnonzero(ratio != 1), np.flatnonzero(after)
    part = np.ix_(rows, columns)
    values, factors = numerator[part], np.broadcast_to(ratio[rows, None], (len(rows), len(columns)))
    if kind == "quantity":
        changed[part] = values * factors
    elif kind == "count":
        changed[part] = _counts(values, factors, rng)
    else:
        assert denominator is not None
        changed[part] = _parts(values, denominator[part], factors, rng)
    return changed


def _counts(values: Array, ratio: Array, rng: np.random.Generator) -> Array:
    known = np.isfinite(values)
    whole = np.floor(np.where(known, values, 0.0))
    thinned = rng.binomial(whole.astype(np.int64), np.minimum(ratio, 1.0))
    added = rng.poisson(np.maximum(ratio - 1.0, 0.0) * whole)
    rest = (np.where(known, values, 0.0) - whole) * ratio
    return np.where(known, thinned + added + rest, np.nan)


def _parts(values: Array, denominator: Array, ratio: Array, rng: np.random.Generator) -> Array:
    known = np.isfinite(values) & np.isfinite(denominator)
    top, bottom = np.where(known, values, 0.0), np.where(known, denominator, 0.0)
    whole = np.floor(top)
    others = np.maximum(np.floor(bottom - top), 0.0)
    thinned = rng.binomial(whole.astype(np.int64), np.minimum(ratio, 1.0))
    wanted = np.maximum(ratio - 1.0, 0.0) * whole
    chance = np.minimum(np.divide(wanted, others, out=np.zeros_like(wanted), where=others > 0), 1.0)
    moved = rng.binomial(others.astype(np.int64), chance)
    rest = (top - whole) * np.minimum(ratio, 1.0)
    return np.where(known, thinned + moved + rest, np.where(np.isfinite(values), values, np.nan))
