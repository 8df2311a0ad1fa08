"""A visitor in a process of its own, who opens the page and asks a small question until its input ends.
It prints the longest times in s, of the first seconds, and of the others:
``python -m tests.attack.visitor URL COMPONENT``.
"""

import json
import sys
import threading
import time
import urllib.request

QUIET = 2  # s before the attack begins


def visit(url: str, component: int) -> None:
    done = threading.Event()
    question = {"data": {"run": "animals"}, "component_id": component, "fn_name": "figures", "session_hash": "visitor"}
    asked = urllib.request.Request(
        f"{url}/gradio_api/component_server", json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    end = time.monotonic() + QUIET
    print(json.dumps(longest(url, asked, lambda: time.monotonic() > end)), flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
    print(json.dumps(longest(url, asked, done.is_set)))


def longest(url: str, asked: urllib.request.Request, ended) -> dict[str, float]:
    found = {"page": 0.0, "question": 0.0}
    while not ended():
        for key, address in (("page", url), ("question", asked)):
            start = time.monotonic()
            urllib.request.urlopen(address, timeout=60).read()
            found[key] = max(found[key], time.monotonic() - start)
        time.sleep(0.1)
    return found


if __name__ == "__main__":
    visit(sys.argv[1], int(sys.argv[2]))
