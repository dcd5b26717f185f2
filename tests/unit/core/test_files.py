"""Files that are whole or absent."""

import pickle
import resource
import subprocess
import sys

import pytest

from enginehouse.core.errors import MachineError, Problem, Problems, UserError
from enginehouse.core.files import file_sha256, write_whole


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "new" / "page.html"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]
    # printf two | sha256sum
    assert file_sha256(path) == "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"


def test_a_folder_that_cannot_be_written_is_a_machine_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises((MachineError, FileExistsError, NotADirectoryError)):
        write_whole(tmp_path / "file" / "page.html", b"x")


FULL_DISK = """
import resource, sys
from pathlib import Path
from enginehouse.core.errors import MachineError
from enginehouse.core.files import write_whole
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(Path(sys.argv[1]), b"x" * 5000)
except MachineError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="this system has no file-size limit")
def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path):
    path = tmp_path / "page.html"
    write_whole(path, b"old")
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    assert "could not write the file" in done.stdout
    assert "Free some disk space" in done.stdout
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_errors_say_where_what_and_what_to_do():
    error = UserError("got 'x'.", where="a.yaml:3  design.type", remedy="Use y.")
    assert str(error) == "a.yaml:3  design.type\n  got 'x'. Use y."
    assert isinstance(error, ValueError)
    both = Problems([Problem("a:1", "one."), Problem("b:2", "two.", "Mend it.")])
    assert str(both) == "a:1\n  one.\nb:2\n  two. Mend it."
    assert both.exit_code == 2


def test_an_error_crosses_to_another_process_whole():
    error = pickle.loads(pickle.dumps(Refused("because")))
    assert type(error) is Refused
    assert (error.because, error.where, str(error)) == ("because", "here", "here\n  no. Go on.")


class Refused(UserError):
    """Its constructor asks for something else than what is in `args`."""

    def __init__(self, because: str) -> None:
        super().__init__("no.", where="here", remedy="Go on.")
        self.because = because
