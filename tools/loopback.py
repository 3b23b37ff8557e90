"""A web server over a folder that only this machine reaches: for tests and benchmarks."""

import contextlib
import functools
import http.server
import threading


@contextlib.contextmanager
def serve(folder, handler=http.server.SimpleHTTPRequestHandler):
    """Serve a folder on loopback, on a port that was free, by a handler of its requests; give its address."""

    class Quiet(handler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=[0.02])  # how soon it hears that it is to stop
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
