"""The effect among the sites that received a component, where nobody in the comparator could: the arm as instrument.

Whether the comparator could receive it is not in the data: the protocol must say so, or nothing is estimated.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enginehouse.stats.comparison import Side, arms_of, members
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, Scale
from enginehouse.stats.trial_columns import adjustment, analysed_sites, check_arms
from enginehouse.stats.trial_data import TrialData

type Array = npt.NDArray[np.float64]

FEWEST_ENGAGED_UNITS = 5
MAX_STEPS = 100
STEP_TOLERANCE = 1e-10
NOT_REGISTERED = NotEstimable(
    reason="comparator-could-receive",
    detail="The protocol does not say that no site of the comparator could receive the component, so the effect among "
    "the engaged cannot be told from the difference between engaged and other sites.",
)


def engaged_effect(
    data: TrialData,
    engaged: npt.ArrayLike,
    *,
    comparator_could_not_receive: bool,
    arm: Side = 1,
    over: Side = 0,
    scale: Scale = "log-ratio",
    adjust: bool = True,
) -> Estimated:
    """The effect among the sites that engaged, over what they would have had in the comparator.

    Parameters
    ----------
    data
        The trial.
    engaged
        Shape (n,): whether each site received the component.
    comparator_could_not_receive
        What the protocol says. Without it nothing is estimated.
    arm, over, scale, adjust
        As in `patient_average.patient_average`.

    Returns
    -------
    Estimate or NotEstimable
        Reasons: `comparator-could-receive`, `comparator-received`, `too-few-engaged`, `no-solution`, and those of the
        arms.

    Notes
    -----
    A structural mean model: the effect psi takes the outcome of engaged sites back to what the comparator would have
    had, H_i = Y_i exp(-psi E_i) (ratio) or Y_i - psi D_i E_i (difference), and after that arms must not differ:
    sum_i (x_i, Z_i)' (H_i - D_i exp(x_i b)) = 0, x_i an intercept, baseline and covariates, Z_i the arm. Without
    covariates the ratio is Y_E / (r_0 D_1 - Y_N), with Y_E and Y_N the sums of engaged and other sites of the arm, D_1
    its denominator and r_0 the comparator's value; the difference is that of the arms over the engaged share of
    patients. Standard error by the sandwich of both equations, sums over units of allocation, times K / (K - p).
    Assumes that being in the arm does nothing to sites that do not engage, that no site of the comparator engages, and
    that the effect does not depend on covariates.

    References
    ----------
    Imbens GW, Angrist JD. Econometrica 1994;62:467-475. Robins JM. Commun Stat 1994;23:2379-2412. Clarke PS, Windmeijer
    F. Biostatistics 2010;11:756-770 (multiplicative models).

    Examples
    --------
    The difference between arms over the share of patients in sites that engaged: (0.8 - 1.0) / 0.5.

    >>> n = 20
    >>> arm = np.arange(n) % 2
    >>> engaged = (arm == 1) & (np.arange(n) < 10)
    >>> events = np.where(engaged, 60.0, 100.0) + np.tile([1.0, 1.0, -1.0, -1.0], 5)
    >>> trial = TrialData(sites=tuple(map(str, range(n))), arms=("a", "b"), arm=arm, numerator=events[:, None],
    ...     denominator=np.full((n, 1), 100.0), n_before=0, kind="count", unit=np.arange(n),
    ...     covariates=np.zeros((n, 0)), covariate_names=(), stratum=np.zeros(n, dtype=int))
    >>> found = engaged_effect(trial, engaged, comparator_could_not_receive=True, scale="difference", adjust=False)
    >>> round(found.value, 6)
    -0.4
    """
    if not comparator_could_not_receive:
        return NOT_REGISTERED
    received = np.asarray(engaged, dtype=bool)
    rows = analysed_sites(data)
    rows = rows[np.isin(data.arm[rows], arms_of(arm, over))]
    refusal = check_arms(data, rows, arms_of(arm, over)) or _refusal(data, rows, received, arm, over)
    if refusal is not None:
        return refusal
    numerator, denominator = (values[rows] for values in data.totals(before=False))
    extra = adjustment(data, rows) if adjust else None
    columns = [np.ones(len(rows)), *(extra.values.T if extra else ())]
    model = _Model(
        numerator,
        denominator,
        np.column_stack(columns),
        np.isin(data.arm[rows], members(arm)).astype(float),
        received[rows].astype(float),
        is_ratio=scale == "log-ratio",
    )
    solved = model.solve()
    if solved is None:
        return NotEstimable(
            reason="no-solution", detail="Engaged sites are too few, or too unlike what the comparator says of them."
        )
    _, codes = np.unique(data.unit[rows], return_inverse=True)
    units = int(codes.max()) + 1
    if units <= len(solved):
        return NotEstimable(reason="too-few-clusters", detail=f"{units} units for {len(solved)} coefficients.")
    variance = model.variance(solved, codes, units)
    return Estimate(
        value=float(solved[-1]),
        std_error=float(np.sqrt(variance)),
        df=float(units - len(solved)),
        scale=scale,
        method="engaged-structural-mean",
        notes=extra.notes if extra else (),
        numbers={
            "sites": float(len(rows)),
            "units": float(units),
            "engaged_sites": float(np.count_nonzero(received[rows])),
            "engaged_share_of_patients": float(
                denominator[received[rows]].sum() / denominator[np.isin(data.arm[rows], members(arm))].sum()
            ),
        },
    )


def _refusal(
    data: TrialData, rows: npt.NDArray[np.intp], received: npt.NDArray[np.bool_], arm: Side, over: Side
) -> NotEstimable | None:
    strangers = np.count_nonzero(received[rows] & np.isin(data.arm[rows], members(over)))
    if strangers:
        return NotEstimable(
            reason="comparator-received",
            detail=f"Sites of the comparator that received the component although none could: {strangers}.",
        )
    units = len(np.unique(data.unit[rows[received[rows] & np.isin(data.arm[rows], members(arm))]]))
    if units >= FEWEST_ENGAGED_UNITS:
        return None
    return NotEstimable(
        reason="too-few-engaged",
        detail=f"Units that engaged: {units}; at least {FEWEST_ENGAGED_UNITS} are needed.",
    )


class _Model:
    """Estimating equations for (b, psi), psi last."""

    def __init__(
        self, outcome: Array, denominator: Array, columns: Array, arm: Array, engaged: Array, *, is_ratio: bool
    ) -> None:
        self.outcome, self.denominator, self.columns = outcome, denominator, columns
        self.instruments = np.column_stack([columns, arm])
        self.engaged, self.is_ratio = engaged, is_ratio

    def restored(self, psi: float) -> tuple[Array, Array]:
        """H and its derivative by psi."""
        if self.is_ratio:
            value = self.outcome * np.exp(-psi * self.engaged)
            return value, -self.engaged * value
        return self.outcome - psi * self.denominator * self.engaged, -self.denominator * self.engaged

    def residuals(self, parameters: Array) -> tuple[Array, Array]:
        """H - mu, shape (n,), and its derivatives, shape (n, p + 1)."""
        value, slope = self.restored(float(parameters[-1]))
        mean = self.denominator * np.exp(self.columns @ parameters[:-1])
        return value - mean, np.column_stack([-self.columns * mean[:, None], slope])

    def solve(self) -> Array | None:
        """Newton steps with halving, from the comparator's level and no effect."""
        parameters = np.zeros(self.instruments.shape[1])
        parameters[0] = np.log(self.outcome.sum() / self.denominator.sum())
        size = self._size(parameters)
        for _ in range(MAX_STEPS):
            residual, derivative = self.residuals(parameters)
            jacobian = self.instruments.T @ derivative
            if np.linalg.cond(jacobian) > 1e14:
                return None
            step = np.linalg.solve(jacobian, self.instruments.T @ residual)
            share = 1.0
            while (now := self._size(parameters - share * step)) > size and share > 1e-8:
                share /= 2
            parameters, size = parameters - share * step, min(now, size)
            if np.max(np.abs(share * step)) < STEP_TOLERANCE * (1 + np.max(np.abs(parameters))):
                scale = float(np.abs(self.instruments).T @ self.outcome @ np.ones(self.instruments.shape[1]))
                return parameters if size < 1e-6 * max(scale, 1e-300) else None
        return None

    def _size(self, parameters: Array) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            size = float(np.linalg.norm(self.instruments.T @ self.residuals(parameters)[0]))
        return size if np.isfinite(size) else np.inf

    def variance(self, parameters: Array, codes: npt.NDArray[np.intp], units: int) -> float:
        """Of psi."""
        residual, derivative = self.residuals(parameters)
        scores = np.zeros((units, self.instruments.shape[1]))
        np.add.at(scores, codes, self.instruments * residual[:, None])
        inverse = np.linalg.inv(self.instruments.T @ derivative)
        influence = scores @ inverse.T
        return float(influence[:, -1] @ influence[:, -1]) * units / (units - len(parameters))
