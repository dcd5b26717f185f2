"""Who signed the decision contract, and whose signature is missing. What is in a contract is for `programme`."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.commands import command
from enginehouse.governance.lack import Lack
from enginehouse.governance.recorded import person_of
from enginehouse.governance.rules import CycleRules
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState


def signed_by(state: CycleState, contract: str | None) -> frozenset[str]:
    """Who signed exactly this contract."""
    return frozenset(signed.person for signed in state.signatures if signed.contract == contract)


def unsigned(state: CycleState, rules: CycleRules) -> tuple[str, ...]:
    """Signatories who have not signed the contract as it stands, in the contract's order."""
    signed = signed_by(state, rules.contract)
    return tuple(person for person in rules.signatories if person not in signed)


def lacking_signatures(state: CycleState, rules: CycleRules) -> Iterator[Lack]:
    """What stands between the contract and the allocation."""
    if not rules.needs_contract:
        return
    if rules.contract is None:
        yield Lack(
            "There is no decision contract: what follows from each verdict is agreed before sites are allocated.",
            f"Write contract.yaml beside the protocol and let every signatory sign it ({command(Act.SIGN_CONTRACT)}).",
        )
    elif not rules.signatories:
        yield Lack(
            "The decision contract names no signatory: nobody has said what they expect.",
            f"Add a forecast of each signatory to contract.yaml, and let each of them sign it "
            f"({command(Act.SIGN_CONTRACT)}).",
        )
    missing = unsigned(state, rules)
    if missing:
        before = {signed.person for signed in state.signatures}
        changed = [person for person in missing if person in before]
        note = f" ({', '.join(changed)} signed an earlier version: it was changed since)" if changed else ""
        yield Lack(
            f"The decision contract is not signed by {', '.join(missing)}{note}.",
            f"Each signatory signs it with their own id ({command(Act.SIGN_CONTRACT)} --as ID).",
        )


def check_signature(state: CycleState, rules: CycleRules, actor: str) -> None:
    """Refuse a signature of somebody whom the contract does not name, or who signed it as it stands already."""
    person = person_of(actor)
    if person not in rules.signatories:
        raise NotAllowed(
            f"'{person}' is not a signatory of the decision contract.",
            where=Act.SIGN_CONTRACT,
            remedy=f"Its signatories are those with a forecast: {', '.join(rules.signatories) or 'nobody'}.",
        )
    if person in signed_by(state, rules.contract):
        raise NotAllowed(
            f"'{person}' signed this contract already.",
            where=Act.SIGN_CONTRACT,
            remedy="One signature is enough while the contract stays as it is.",
        )
