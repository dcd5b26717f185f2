"""What is drawn and what is compared, as positions: arms, arms taken together, sequences, first arms of regimes.

Which month has which arm is for `programme.in_turn`; what a contrast estimates is for `evaluation`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.core.errors import UserError
from enginehouse.core.words import counted
from enginehouse.programme.in_turn import arm_in, drawn_names
from enginehouse.programme.protocol import Protocol

MOST_ARMS = 36


@dataclass(frozen=True, slots=True)
class Effect:
    """What each of the things drawn, by its position, gives to a contrast: 1, -1 or 0, or one of them for each month.

    `part` is the part of a second draw that decides it; None is the whole draw.
    """

    gives: Mapping[int, tuple[int, ...]]
    part: int | None = None

    def groups(self, arms: int) -> tuple[int, ...]:
        """How many of so many arms give the same."""
        nothing = (0,) * max((len(given) for given in self.gives.values()), default=1)
        return tuple(Counter(self.gives.get(arm, nothing) for arm in range(arms)).values())

    @property
    def is_mirrored(self) -> bool:
        """Whether arms could be exchanged so that the contrast only changes its sign."""
        given = set(self.gives.values())
        return all(tuple(-value for value in one) in given for one in given)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a draw decides: names, contrasts and what is pooled as a plan has them, and the effects of the contrasts."""

    arms: tuple[str, ...]
    contrasts: tuple[tuple[int, ...], ...]
    pooled: tuple[tuple[int, ...], ...]
    effects: tuple[Effect, ...]


def compared(protocol: Protocol) -> Compared:
    """What the first draw of a protocol decides.

    Raises
    ------
    UserError
        Too few arms, too many, no contrast, or a contrast of something that is not there.
    """
    names = drawn_names(protocol)
    _check(protocol, names)
    if protocol.sequences:
        return Compared(names, (), (), _effects_of_sequences(protocol, names))
    pooled = tuple(dict.fromkeys(n for c in protocol.contrasts for n in (c.over, c.arm) if n in protocol.pooled_arms))
    sides = {
        **{name: (place, (place,)) for place, name in enumerate(names)},
        **{n: (len(names) + i, tuple(map(names.index, protocol.pooled_arms[n]))) for i, n in enumerate(pooled)},
    }
    if protocol.second_stage is not None:
        sides |= {name: sides[regime.first] for name, regime in protocol.second_stage.regimes.items()}
    pairs = [(sides[c.arm], sides[c.over]) for c in protocol.contrasts if sides[c.arm] != sides[c.over]]
    return Compared(
        arms=names,
        contrasts=tuple((one[0], other[0]) for one, other in pairs),
        pooled=tuple(sides[name][1] for name in pooled),
        effects=tuple(
            Effect({**dict.fromkeys(one[1], (1,)), **dict.fromkeys(other[1], (-1,))}) for one, other in pairs
        ),
    )


def _effects_of_sequences(protocol: Protocol, names: tuple[str, ...]) -> tuple[Effect, ...]:
    months = list(protocol.design.follow_up)
    found = []
    for contrast in protocol.contrasts:
        sign = {contrast.arm: 1, contrast.over: -1}
        found.append(
            Effect(
                {
                    place: tuple(sign.get(arm_in(protocol, name, month), 0) for month in months)
                    for place, name in enumerate(names)
                }
            )
        )
    return tuple(found)


def _check(protocol: Protocol, names: tuple[str, ...]) -> None:
    if len(protocol.arms) < 2 or not protocol.contrasts:
        raise UserError(
            f"got {counted(len(protocol.arms), 'arm')} and {counted(len(protocol.contrasts), 'contrast')}.",
            where="protocol.yaml  contrasts",
            remedy="Random allocation needs two arms or more, and a contrast that says which is judged over which.",
        )
    regimes = protocol.second_stage.regimes if protocol.second_stage is not None else {}
    known = (*protocol.arms, *protocol.pooled_arms, *regimes)
    unknown = {name for c in protocol.contrasts for name in (c.arm, c.over)} - set(known)
    if unknown or len(names) > MOST_ARMS:
        raise UserError(
            f"got {', '.join(sorted(unknown)) or len(names)} for arms.",
            where="protocol.yaml  contrasts",
            remedy=f"The arms are: {', '.join(known)}; at most {MOST_ARMS}.",
        )


def places_in_order(protocol: Protocol, names: tuple[str, ...]) -> tuple[int, ...]:
    """The place of each sequence of a stepped wedge: the month of the follow-up in which the judged arm begins.

    A sequence that never has it stands after the end.
    """
    judged, span = protocol.contrasts[0].arm, protocol.design.follow_up
    begins = [[turn.starts for turn in protocol.sequences[name] if turn.arm == judged] for name in names]
    return tuple(starts[0] - span.start if starts else len(span) for starts in begins)
