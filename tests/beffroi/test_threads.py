"""A thread that ends by an error ends its process, and says where, not what."""

import json
import subprocess
import sys

from monitoring.threads import EXIT_SOFTWARE

FAILS = """
import threading
from monitoring.logs import configure
from monitoring.threads import end_with_any_thread

def read_model():
    raise KeyError("a name that must not be logged")

configure("INFO", json=True)
end_with_any_thread()
threading.Thread(target=read_model, name="read model").start()
threading.Event().wait(60)
"""


def test_an_error_that_nobody_caught_in_a_thread_ends_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", FAILS], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == EXIT_SOFTWARE, done.stderr
    said = json.loads(done.stderr)
    assert (said["event"], said["thread"], said["kind"]) == ("a thread failed", "read model", "KeyError")
    assert "in read_model" in said["where"]
    assert "must not be logged" not in done.stderr
