"""PyTorch and all that computes with it are imported at the first question that needs them, by one thread at a time: of
modules that import each other, two threads that begin at different ends each wait for the other, and Python gives up.
"""

import threading

IMPORTING = threading.Lock()


def start_torch() -> None:
    """Imports what photos and other propagators need, which takes seconds, once."""
    with IMPORTING:
        import iaff.explaining
        import iaff.nets.untrained
        import iaff.propagation.cpu  # noqa: F401  (numba's kernels)
