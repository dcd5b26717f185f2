"""Step: sign the decision contract: what follows from each verdict, and what each signatory expects."""

from __future__ import annotations

from enginehouse.core.errors import UserError
from enginehouse.cycle.act import authorise, record_act, rules_for
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.signatures import check_signature
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import ContractSigned
from enginehouse.programme.contract import Contract
from enginehouse.programme.hashing import definition_bytes
from enginehouse.programme.read import contract_from_json


def sign_contract(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> ContractSigned:
    """Sign the contract as its file stands now. All signatories must sign the same text, each with a forecast."""
    state = authorise(workspace, Act.SIGN_CONTRACT, cycle, by)
    contract = contract_file(workspace, cycle)
    check_signature(state, rules_for(workspace, cycle, state), by.actor)
    content = definition_bytes(contract)
    event = ContractSigned(contract=sha256_hex(content))
    if not dry_run:
        record_act(workspace, Act.SIGN_CONTRACT, event, cycle=cycle, by=by, documents=(content,))
    return event


def contract_file(workspace: Workspace, cycle: str) -> Contract:
    """The contract as its file stands now."""
    if cycle not in workspace.programme.contracts:
        raise UserError(
            "there is no decision contract.",
            where=f"{workspace.programme.folder}/cycles/{cycle}/contract.yaml",
            remedy="Write it: what follows from each verdict, and a forecast of each signatory.",
        )
    return workspace.programme.contracts[cycle]


def signed_contract(workspace: Workspace, state: CycleState) -> Contract | None:
    """The contract that was signed, if one was."""
    if state.contract is None:
        return None
    return contract_from_json(workspace.record.documents.get(state.contract))
