"""The starter programme as a workspace, and two people who act in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import enginehouse as eh
from enginehouse.cycle.workspace import Acting, Workspace

DAY = date(2026, 3, 2)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return eh.open_workspace(eh.new_programme(tmp_path / "programme"))


@pytest.fixture
def me(workspace: Workspace) -> Acting:
    """Holds every role."""
    return eh.acting(workspace, "me", DAY)


@pytest.fixture
def board(workspace: Workspace) -> Acting:
    """A commissioner."""
    return eh.acting(workspace, "board", DAY)
