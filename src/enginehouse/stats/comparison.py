"""What is compared with what: arms, arms taken together, and the interaction of two comparisons, as weights of arms.

Estimators take these weights; nothing is estimated here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

type Side = int | tuple[int, ...]
"""One side of a comparison: the position of an arm, or of several that are taken together."""
type ArmWeights = Mapping[int, float]
"""Position of an arm, and its weight; the weights add up to zero."""


def members(side: Side) -> tuple[int, ...]:
    """The positions of a side's arms."""
    return (side,) if isinstance(side, int) else tuple(int(arm) for arm in side)


def comparison(arm: Side, over: Side) -> dict[int, float]:
    """Weights of one side over another: the arms of a side count the same, whatever their sizes.

    Raises
    ------
    ValueError
        A side has no arm, or the two share one.

    Examples
    --------
    >>> comparison((1, 3), (0, 2))
    {1: 0.5, 3: 0.5, 0: -0.5, 2: -0.5}
    """
    sides = members(arm), members(over)
    if not all(sides) or set(sides[0]) & set(sides[1]):
        raise ValueError(f"sides need arms of their own; got {sides[0]} over {sides[1]}")
    return {which: sign / len(side) for side, sign in zip(sides, (1.0, -1.0), strict=True) for which in side}


def interaction(first: tuple[Side, Side], second: tuple[Side, Side]) -> dict[int, float]:
    """Weights of the effect of the first component with the second, less its effect without it.

    Parameters
    ----------
    first, second
        The two comparisons of a 2x2 factorial: arms with and without each component.

    Raises
    ------
    ValueError
        The two do not cross: of the four cells one has no arm, or several.

    Examples
    --------
    Arms: neither, the first, the second, both.

    >>> interaction(((1, 3), (0, 2)), ((2, 3), (0, 1)))
    {3: 1.0, 1: -1.0, 2: -1.0, 0: 1.0}
    """
    weights: dict[int, float] = {}
    for one, sign in zip(first, (1.0, -1.0), strict=True):
        for other, turn in zip(second, (1.0, -1.0), strict=True):
            cell = set(members(one)) & set(members(other))
            if len(cell) != 1:
                raise ValueError(f"each cell of a 2x2 factorial is one arm; got {sorted(cell)}")
            weights[cell.pop()] = sign * turn
    return weights


def arms_of(*sides: Side) -> tuple[int, ...]:
    """All arms of some sides, each once."""
    return tuple(dict.fromkeys(arm for side in sides for arm in members(side)))


def signs(weights: ArmWeights, arms: Iterable[int]) -> tuple[float, ...]:
    """The weights of arms in order; arms that are not compared have none."""
    return tuple(weights.get(arm, 0.0) for arm in arms)
