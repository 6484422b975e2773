"""A site's backend in Python whose visitors are counted: a WSGI middleware, and a thread that sends.

Usage: backend.py SERVER SITE [LISTEN]      (SERVER such as 127.0.0.1:50051, LISTEN such as 127.0.0.1:8080)

It needs grpcio and grpcio-tools, and makes the client from the protocol's file when it starts; a real site does that once:

    python -m grpc_tools.protoc -I proto --python_out=. --grpc_python_out=. headcount/v1/ingest.proto

No request waits for headcount or fails with it. Events wait in memory, ten thousand at most; later ones are dropped and
counted. Ctrl-C or SIGTERM sends what waits and says that nothing more comes.
"""

import os
import pathlib
import queue
import secrets
import signal
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

import grpc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
sys.path.insert(0, str(PROTO))
messages, services = grpc.protos_and_services("headcount/v1/ingest.proto")

WAITING_MAX, BATCH_MAX, DELAY_S = 10_000, 1_000, 1.0
FINISHED_MS = 2**63 - 1
STATE_EVERY_MS, BEHIND_MS = 60_000, 120_000


def now_ms():
    return time.time_ns() // 1_000_000


class Sender(threading.Thread):
    """Numbers batches, and sends each until it is answered."""

    def __init__(self, server, site):
        super().__init__(daemon=True)
        # Two processes that send at the same time need two names; the secret makes the name this one's own.
        self.head = {"site": site, "producer": f"python-{os.getpid()}", "producer_secret": secrets.token_bytes(32)}
        self.stub = services.IngestServiceStub(grpc.insecure_channel(server))
        self.waiting, self.stopping = queue.Queue(WAITING_MAX), threading.Event()
        self.sequence, self.stated_ms, self.dropped = 0, 0, 0

    def offer(self, event):
        try:
            self.waiting.put_nowait(event)
        except queue.Full:
            self.dropped += 1

    def stop(self, seconds):
        """Sends what waits. False where it took too long."""
        self.stopping.set()
        self.join(seconds)
        return not self.is_alive()

    def run(self):
        is_last = False
        while not is_last:
            self.stopping.wait(DELAY_S)
            is_last = self.stopping.is_set()
            while events := self.batch():
                self.send(events, 0)
            # Everything that was offered before is sent. When that is said follows from the clock alone, not from who came.
            at = now_ms() // STATE_EVERY_MS * STATE_EVERY_MS
            if is_last:
                self.send([], FINISHED_MS)
            elif at > self.stated_ms:
                self.stated_ms = at
                self.send([], at - BEHIND_MS)

    def batch(self):
        events = []
        while len(events) < BATCH_MAX and not self.waiting.empty():
            events.append(self.waiting.get_nowait())
        return events

    def send(self, events, complete_through_ms):
        self.sequence += 1
        request = messages.IngestRequest(
            **self.head, sequence=self.sequence, events=events, complete_through_unix_ms=complete_through_ms
        )
        while True:
            try:
                # What is durable already is answered again and not counted again.
                next(self.stub.Ingest(iter([request]), timeout=30, wait_for_ready=True))
                return
            except (grpc.RpcError, StopIteration) as error:
                code = error.code() if isinstance(error, grpc.RpcError) else None
                if code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND):
                    sys.exit(f"headcount refuses: {error.details()}")
                time.sleep(DELAY_S)


class Counted:
    """WSGI middleware: an event for each GET."""

    def __init__(self, app, sender):
        self.app, self.sender = app, sender

    def __call__(self, environ, start_response):
        begun, begun_ms, status = time.monotonic(), now_ms(), []

        def start(line, headers, *rest):
            status[:] = [int(line.split()[0])]
            return start_response(line, headers, *rest)

        length = 0
        for piece in self.app(environ, start):
            length += len(piece)
            yield piece
        if environ["REQUEST_METHOD"] == "GET" and status:
            query = environ.get("QUERY_STRING")
            event = messages.AccessEvent(
                time_unix_ms=begun_ms,
                address=environ["REMOTE_ADDR"],
                user_agent=environ.get("HTTP_USER_AGENT", ""),
                target=environ["PATH_INFO"] + (f"?{query}" if query else ""),
                status=status[0],
                referrer=environ.get("HTTP_REFERER", ""),
                accept_language=environ.get("HTTP_ACCEPT_LANGUAGE", ""),
                response_time_ms=int((time.monotonic() - begun) * 1_000),
                response_bytes=length,
                host=environ.get("HTTP_HOST", ""),
            )
            self.sender.offer(event)


def site(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [b"<p>Welcome."]


class Quiet(WSGIRequestHandler):
    """An access log of its own would keep what headcount forgets."""

    def log_message(self, *_):
        pass


def main(server, name, listen="127.0.0.1:8080"):
    sender = Sender(server, name)
    sender.start()
    host, port = listen.rsplit(":", 1)
    with make_server(host, int(port), Counted(site, sender), handler_class=Quiet) as web:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        print(f"http://{host}:{web.server_port}/", flush=True)
        try:
            web.serve_forever()
        except KeyboardInterrupt:
            pass
    return 0 if sender.stop(10) else 1


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
