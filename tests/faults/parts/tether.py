"""Run a command that dies with whoever started it: `tether.py PID USER COMMAND …` (Linux).

A test run that is itself killed leaves no server behind. The wish is made after the change of user (which
would undo it) and outlives the change of program.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(starter: int, user: str, command: list[str]) -> None:
    if user:
        account = pwd.getpwnam(user)
        os.initgroups(user, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != starter:
        sys.exit(f"{command[0]}: whoever wanted it is gone")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
