"""The house stays in order: one way dependencies, small files, a docstring in every room, no waste."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "enginehouse"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_keep_their_contracts():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_file_is_small_and_says_what_lives_in_it(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    assert ast.get_docstring(ast.parse(text)), "a module docstring says what lives here"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_functions_are_short(path):
    long = [
        f"{node.name} has {length} lines"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (length := _lines_without_docstring(node)) > LONGEST_FUNCTION
    ]
    assert not long


def _lines_without_docstring(node: ast.FunctionDef) -> int:
    first = node.body[0]
    documented = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    start = first.end_lineno if documented and first.end_lineno else node.lineno
    return (node.end_lineno or node.lineno) - start


def test_no_room_is_called_utils():
    assert not [p for p in SOURCE.rglob("*") if re.fullmatch(r"(utils?|helpers?|misc|common)(\.py)?", p.name)]


def test_programmes_hold_data_and_no_code():
    assert not list((SOURCE / "programmes").rglob("*.py"))


def test_nothing_names_a_registry_or_a_path_of_one_machine():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("this copy is not a git checkout")
    forbidden = re.compile(r"(/home/\w+|/Users/\w+|pypi\.org|pythonhosted|npmjs)")
    found = []
    for line in tracked.stdout.splitlines():
        path = ROOT / line
        if (
            path.suffix in {".py", ".md", ".yaml", ".toml", ".lock", ".sh", ".cff"}
            and path != Path(__file__).resolve()
            and path.exists()
        ):
            found += [f"{line}: {m[0]}" for m in forbidden.finditer(path.read_text(encoding="utf-8"))]
    assert not found


@pytest.mark.parametrize(
    "words", [["--help"], ["check", "--help"], ["evaluate", "--help"], ["dossier", "--help"], ["demo", "--help"]]
)
def test_help_loads_nothing_heavy(words):
    heavy = (
        "numpy",
        "scipy",
        "duckdb",
        "pyarrow",
        "ibis",
        "typst",
        "django",
        "pandas",
        "pydantic" if words == ["--help"] else "pandas",
    )
    code = (
        "import sys, contextlib, io\n"
        "from enginehouse.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        f"    main({words!r})\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, enginehouse; print([n for n in ('numpy', 'duckdb', 'pyarrow', 'pydantic') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


CASES = "tests.reference.trials"


def test_test_modules_do_not_import_one_another():
    """But for the runner of reference cases, a package that can be run by itself and has tests of its own."""
    found = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found += [f"{name(path)}: {m}" for m in modules if m.split(".")[0] == "tests" and not m.startswith(CASES)]
    assert not found


RUNNER = sorted((ROOT / "tests" / "reference" / "trials").rglob("*.py"))


@pytest.mark.parametrize("path", RUNNER, ids=name)
def test_the_runner_of_reference_cases_keeps_the_same_house(path):
    test_a_file_is_small_and_says_what_lives_in_it(path)
    test_functions_are_short(path)
