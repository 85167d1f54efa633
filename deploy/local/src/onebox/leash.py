"""Runs a command that is killed when the process that started it dies, however it dies.

Used as a script (`python -I -S leash.py <parent pid> <command> ...`), so that the parent need not fork with
a `preexec_fn`, which is unsafe beside threads. Linux only; elsewhere the command simply runs.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def leash(parent: int) -> None:
    """Ask the kernel to kill this process with its parent; exit at once if the parent is gone already."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent:
        sys.exit("the process that started this one has already ended")


if __name__ == "__main__":
    leash(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command comes from our own supervisor, no shell
