"""What every test may use: the folder of shared reference cases, or a skip that says why there is none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def find_shared() -> Path | None:
    """`ENGINEHOUSE_SHARED`, by default the folder `shared` beside the checkout."""
    folder = Path(os.environ.get("ENGINEHOUSE_SHARED", CHECKOUT.parent / "shared"))
    return folder if folder.is_dir() else None


def skip_or_fail(reason: str) -> None:
    """Skip; where everything is required (`ENGINEHOUSE_REQUIRE_ALL=1`), fail instead."""
    if os.environ.get("ENGINEHOUSE_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared reference cases and data."""
    folder = find_shared()
    if folder is None:
        pytest.skip("no folder of shared reference cases (set ENGINEHOUSE_SHARED)")
    return folder


@pytest.fixture(scope="session")
def shared_file(shared: Path) -> Callable[[str], Path]:
    """A file of the shared folder by its relative path."""

    def find(relative: str) -> Path:
        path = shared / relative
        if not path.exists():
            skip_or_fail(f"the shared folder has no {relative}")
        return path

    return find


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return CHECKOUT
