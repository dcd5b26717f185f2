"""Entry point of the `enginehouse` command."""


def main() -> int:
    """Run one command and return its exit code."""
    raise SystemExit("enginehouse: no command is built yet")
