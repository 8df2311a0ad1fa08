"""The explorer with short jobs in the networks' place, whose files are swept after seconds:
``JOB=0.05 python -m tests.attack.quick_server --port PORT``.
"""

import functools
import itertools
import os
import sys
import time

from iaff.cli.main import main
from iaff.explorer import bodies
from iaff.explorer.server import client_files, jobs

SERVED = itertools.count()


def quick(job, progress) -> bytes:
    """How many jobs were served before this one, and the photo's first bytes."""
    data = job.data.read()
    end = time.monotonic() + float(os.environ["JOB"])
    while time.monotonic() < end:
        progress("Working", 0.5)
        time.sleep(0.02)
    return b"%d " % next(SERVED) + data[:100]


if __name__ == "__main__":
    jobs.JobQueue = functools.partial(jobs.JobQueue, quick)
    client_files.KEPT, client_files.SWEPT_EVERY = 4, 0.5
    bodies.SILENCE = float(os.environ.get("SILENCE", bodies.SILENCE))
    main(["--no-open", *sys.argv[1:]])
