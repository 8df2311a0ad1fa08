"""A visitor in a process of its own, who opens the page and asks a small question again and again until its input ends;
prints the longest times in s: ``python -m tests.attack.visitor URL COMPONENT``.
"""

import json
import sys
import threading
import time
import urllib.request


def visit(url: str, component: int) -> None:
    done = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
    question = {"data": {"run": "animals"}, "component_id": component, "fn_name": "figures", "session_hash": "visitor"}
    asked = urllib.request.Request(
        f"{url}/gradio_api/component_server", json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    longest = {"page": 0.0, "question": 0.0}
    while not done.wait(0.1):
        for key, address in (("page", url), ("question", asked)):
            start = time.monotonic()
            urllib.request.urlopen(address, timeout=60).read()
            longest[key] = max(longest[key], time.monotonic() - start)
    print(json.dumps(longest))


if __name__ == "__main__":
    visit(sys.argv[1], int(sys.argv[2]))
