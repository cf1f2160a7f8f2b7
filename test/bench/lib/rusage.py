"""Runs a command and writes {seconds, userSeconds, systemSeconds, peakRssBytes, exitCode} to a file: rusage.py FILE CMD...

Peak RSS is the kernel's own figure for the process (the largest of it and the children it waited for).
"""

import json
import os
import sys
import time

started = time.monotonic()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
seconds = time.monotonic() - started
unit = 1 if sys.platform == "darwin" else 1024
with open(sys.argv[1], "w") as file:
    json.dump({
        "seconds": round(seconds, 3), "userSeconds": round(usage.ru_utime, 3), "systemSeconds": round(usage.ru_stime, 3),
        "peakRssBytes": usage.ru_maxrss * unit, "exitCode": os.waitstatus_to_exitcode(status),
    }, file)
