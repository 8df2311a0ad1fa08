"""Serves the page: on which port, behind which proxies, and where a person finds it."""

import contextlib
import errno
import os
import socket
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from iaff.errors import UserError
from iaff.explorer.files import STATIC, STYLES, plotly_address, plotly_js, scripts, scripts_address
from iaff.explorer.web.access import OWN_ALONE, Access, frames_of, is_loopback

if TYPE_CHECKING:
    import gradio as gr
    from starlette.middleware import Middleware
    from starlette.staticfiles import StaticFiles

FONTS = ["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "sans-serif"]
THREADS = 128  # for small questions, and programs that wait for a trace: more than one address may have waiting
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]
TEXT_BROWSERS = {"www-browser", "links", "elinks", "lynx", "w3m"}  # as webbrowser names them: they draw no pictures


def serve(
    demo: "gr.Blocks",
    host: str,
    port: int,
    root_path: str = "",
    open_page: bool = True,
    mcp: bool = False,
    access: Access = OWN_ALONE,
) -> None:
    """Serves the page, says where once it answers, and opens it where there is a display; returns when it is stopped.

    Raises:
        UserError: the server did not start.
    """
    address = f"http://{clickable(host)}:{port}"
    try:
        launch(demo, host, port, wait=False, mcp=mcp, root_path=root_path, access=access)
    except Exception as error:  # of many kinds: OSError, ValueError, httpx's, ImportError for a proxy
        if os.environ.get("IAFF_DEBUG"):
            raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(
            f"The explorer could not start: got {reason.rstrip('.')}. Expected {address} to answer on this machine: "
            "check its firewall and the proxies in the environment, or try another --port; IAFF_DEBUG=1 shows where "
            "it failed."
        ) from error
    print("\n".join([f"iaff explorer: {address}  (Ctrl+C stops it)", *others(host, port, access)]), flush=True)
    if open_page and has_display():
        open_browser(address)
    demo.block_thread()


def launch(
    demo: "gr.Blocks",
    host: str,
    port: int,
    wait: bool = True,
    mcp: bool = False,
    root_path: str | None = None,
    access: Access = OWN_ALONE,
) -> None:
    """Serves the page: no analytics, no history, no outside address, no server-side rendering.

    Args:
        root_path: below which path, or address, a reverse proxy serves it (default: ``GRADIO_ROOT_PATH``).
        access: who may use it, beside this machine's own pages and programs.
    """
    import gradio as gr
    import gradio.routes
    import huggingface_hub.constants
    from starlette.routing import Mount

    from iaff.explorer.upload_route import LARGEST_UPLOAD
    from iaff.explorer.web.guards import NoOtherOrigins

    root_path = tidy_root_path(os.environ.get("GRADIO_ROOT_PATH", "") if root_path is None else root_path)
    bypass_proxies(host)
    theme = gr.themes.Base(font=FONTS, font_mono=MONO)
    gradio.routes.CustomCORSMiddleware = NoOtherOrigins
    huggingface_hub.constants.HF_HUB_OFFLINE = True  # runs are here by now; the tools for agents would call it again
    demo.launch(
        server_name=f"[{host}]" if ":" in host else host,
        server_port=port,
        root_path=root_path,
        prevent_thread_lock=not wait,
        share=False,
        max_file_size=LARGEST_UPLOAD,
        max_threads=THREADS,
        quiet=True,
        show_error=True,
        ssr_mode=False,
        run_history=False,
        footer_links=[],
        mcp_server=mcp,
        app_kwargs={
            "routes": [
                Mount(scripts_address(), kept_files(STATIC)),
                Mount(plotly_address(), kept_files(plotly_js().parent)),
                *getattr(demo, "routes", ()),
            ],
            "middleware": guards(host, root_path, access),
        },
        theme=theme,
        head=preloads(),
        css_paths=STYLES,
    )


def guards(host: str, root_path: str, access: Access) -> "list[Middleware]":
    """What a request passes on its way to the app, from the outside in."""
    from starlette.middleware import Middleware

    from iaff.explorer.behind_proxy import BehindProxy
    from iaff.explorer.intake import Intake
    from iaff.explorer.server.client_files import client_files
    from iaff.explorer.web.guards import Failures, KnownAddresses, OwnPages, Password
    from iaff.explorer.web.policy import Policy

    return [
        Middleware(Policy, frames=frames_of(access)),
        Middleware(Failures),
        Middleware(OwnPages, access=access, host=host, root_path=root_path),
        Middleware(BehindProxy, root_path=root_path),
        Middleware(Password, login=access.login),
        Middleware(KnownAddresses, uploads=client_files().folder),
        Middleware(Intake, files=client_files()),
    ]


def preloads() -> str:
    """Links that let the browser fetch and compile all scripts at once, while Gradio's are still busy. Relative, since
    the server may lie below any path; an import alone would find them level by level."""
    address = scripts_address().removeprefix("/")
    return "".join(f'<link rel="modulepreload" href="{address}/{name}">' for name in scripts() if name.endswith(".js"))


def kept_files(folder: Path) -> "StaticFiles":
    """Serves a folder's files, which browsers shall keep for good: they are never asked for at the next start."""
    from starlette.staticfiles import StaticFiles

    class Kept(StaticFiles):
        def file_response(self, *args, **kwargs):
            response = super().file_response(*args, **kwargs)
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
            return response

    return Kept(directory=folder)


# --- the port -------------------------------------------------------------------------------------------------------


def free_port(host: str, port: int) -> int:
    """The port itself, if a server can listen there; for 0 any that is free.

    Raises:
        UserError: it is taken (the next free one is offered), or the host or port is not to be had here.
    """
    try:
        port = port or any_port(host)
        try_port(host, port)
        return port
    except (OSError, OverflowError) as error:
        got = f"Cannot listen on {host}, port {port} ({getattr(error, 'strerror', None) or error})."
        if getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES):
            free = next_free(host, port)
            offer = f"Port {free} is free: --port {free}. Or" if free else "Choose another, or"
            raise UserError(f"{got} Expected a free port. {offer} --port 0 takes any.") from error
        raise UserError(
            f"{got} Expected an address of this machine, such as --host 127.0.0.1 (for this machine alone) or 0.0.0.0 "
            "(for others too), and a port from 0 to 65535."
        ) from error


def any_port(host: str) -> int:
    """A port that nobody has."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def next_free(host: str, port: int) -> int | None:
    """The first port after that one on which a server can listen; None where there is none among the next hundred."""
    first = max(port + 1, 1024)  # those below are for administrators
    for candidate in range(first, min(first + 100, 65536)):
        with contextlib.suppress(OSError):
            try_port(host, candidate)
            return candidate
    return None


def try_port(host: str, port: int) -> None:
    """Raises OSError unless a server can listen on that port of the host; Gradio wants it of 127.0.0.1 as well."""
    for name in (host, "127.0.0.1"):
        found, absent = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM), 0
        for family, kind, protocol, _, place in found:
            try:
                with socket.socket(family, kind, protocol) as probe:
                    if os.name == "posix":  # elsewhere this would allow a port that is taken
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    if family == socket.AF_INET6:
                        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    probe.bind(place)
            except OSError as error:
                absent += 1
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT) or absent == len(found):
                    raise  # else a name has an IPv6 address, and the machine no IPv6


# --- what a person sees of it ---------------------------------------------------------------------------------------


def clickable(host: str) -> str:
    """The host as a browser on this machine takes it: "every address" is none to go to."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


def others(host: str, port: int, access: Access) -> list[str]:
    """Lines on how others reach the server, and that they can; none where this machine alone does, or on a Space."""
    if is_loopback(host) or os.environ.get("SPACE_ID"):
        return []
    reached = own_addresses() if host in ("0.0.0.0", "::") else []
    lines = [f"for others:    {', '.join(f'http://{clickable(place)}:{port}' for place in reached)}"] if reached else []
    if not access.login:
        lines.append("Everyone who reaches these addresses can use it; --auth USER:PASSWORD asks for a password.")
    return lines


def own_addresses() -> list[str]:
    """The addresses by which other machines know this one."""
    found = []
    for family, anywhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((anywhere, 9))  # sends nothing: it only looks up from which address it would
            found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += [place[0] for *_, place in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)]
    return [str(place) for place in dict.fromkeys(found) if not is_loopback(str(place)) and "%" not in str(place)]


def has_display() -> bool:
    """Whether a person sits there who would see a browser open: at a terminal, on a desktop, not through SSH from
    another, and not in a container or on a server that runs checks."""
    known = os.environ.get
    if not sys.stdout.isatty() or known("CI") or known("SPACE_ID") or in_container():
        return False
    if sys.platform in ("darwin", "win32"):
        return not known("SSH_CONNECTION")
    return bool(known("DISPLAY") or known("WAYLAND_DISPLAY"))


def in_container() -> bool:
    """Whether this is Docker, Podman or the like."""
    return any(map(os.path.exists, ("/.dockerenv", "/run/.containerenv")))


def open_browser(address: str) -> None:
    """Opens the address in the desktop's browser, if it has one that draws; nothing depends on it."""
    with contextlib.suppress(webbrowser.Error, OSError):
        browser = webbrowser.get()
        if os.path.basename(getattr(browser, "name", "")) not in TEXT_BROWSERS:
            browser.open(address)


# --- proxies, on both sides -------------------------------------------------------------------------------------


def tidy_root_path(text: str) -> str:
    """``/iaff`` or ``https://host/iaff`` of what a user wrote (``iaff/``); empty for none.

    Raises:
        UserError: it is neither a path nor an address.
    """
    root = text.strip().rstrip("/")
    parts = urlsplit(root)
    if parts.scheme not in ("", "http", "https") or parts.query or parts.fragment or any(map(str.isspace, root)):
        raise UserError(
            f"--root-path (or GRADIO_ROOT_PATH): got {text!r}. Expected the path below which a reverse proxy serves "
            "the page, for example /iaff, or that address in full, https://example.org/iaff."
        )
    return root if parts.scheme or not root else "/" + root.lstrip("/")


def bypass_proxies(*hosts: str) -> None:
    """Lets what is asked of this machine go to no proxy that the environment names: Gradio asks its own server whether
    it is up, and its tools for agents ask it again. What the user has in ``no_proxy`` stays."""
    import httpx

    own = ["127.0.0.1", "localhost", "::1", *hosts]
    listed = [name.strip() for key in ("no_proxy", "NO_PROXY") for name in os.environ.get(key, "").split(",")]
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(dict.fromkeys(filter(None, [*listed, *own])))
    try:
        httpx.Client(verify=False).close()  # certificates cost time, and are not asked about
    except (ImportError, ValueError, httpx.InvalidURL):  # SOCKS without its package, no address: it would ask nobody
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = "*"
