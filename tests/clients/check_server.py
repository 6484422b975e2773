"""Checks a running headcount server from outside, with Google's gRPC implementation for Python.

Usage: check_server.py [--site NAME] [--wait-seconds N] ADDRESS      (ADDRESS such as 127.0.0.1:50051)

The server must be one on loopback without a configuration whose store is empty. All accesses are made up: addresses
of the documentation range, a day three days ago. Exit code 0 when every check passed, 1 when one failed, 2 for wrong
arguments.
"""

import argparse
import datetime
import pathlib
import sys
import tempfile
import time
import uuid

import grpc
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_tools import protoc
from reflected import CALL_SECONDS_MAX, Server, details

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
PROTO_FILES = ("headcount/v1/ingest.proto", "headcount/v1/stats.proto")
INGEST, STATS = "headcount.v1.IngestService", "headcount.v1.StatsService"
DAY_MS = 86_400_000
VISITORS = 60
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
)
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
# Visitor data that must come back in no answer. The addresses of all visitors start with the first one.
CANARIES = ("192.0.2.", "canary-cookie", "canary.person", "Gecko/20100101", "bot.html")


class Failed(Exception):
    """What was expected and what came instead."""


def expect(truth, message):
    if not truth:
        raise Failed(message)


def expect_error(code, action, *words):
    """The action must fail with this code and with details; details or message must contain each of the words."""
    try:
        action()
    except grpc.RpcError as error:
        found = details(error)
        expect(error.code() == code, f"expected {code.name}, got {error.code().name}: {error.details()}")
        expect(found, f"{code.name} came without google.rpc details: {error.details()}")
        text = " ".join([error.details(), *found])
        for word in words:
            expect(word in text, f"{code.name} does not name {word!r}: {text}")
        return
    raise Failed(f"expected {code.name}, but the call succeeded")


class Check:
    """The checks in the order in which they run, and what they share."""

    def __init__(self, address, site, wait_seconds):
        self.server = Server(address)
        self.site, self.wait_seconds = site, wait_seconds
        self.producer = f"check-{uuid.uuid4().hex[:12]}"
        self.secret = uuid.uuid4().bytes
        self.now_ms = time.time_ns() // 1_000_000
        self.midnight_ms = self.now_ms // DAY_MS * DAY_MS - 3 * DAY_MS
        self.date = datetime.datetime.fromtimestamp(self.midnight_ms / 1000, datetime.timezone.utc).date().isoformat()

    # What the server says about itself.

    def services(self):
        names = self.server.service_names()
        wanted = {INGEST, STATS, "grpc.health.v1.Health"}
        expect(wanted <= names, f"reflection v1alpha does not list {sorted(wanted - names)}")
        names = self.server.service_names_v1()
        expect(wanted <= names, f"reflection v1 does not list {sorted(wanted - names)}")
        self.ingest, self.stats = self.server.service(INGEST), self.server.service(STATS)
        self.outcomes = self.server.enum("headcount.v1.Outcome")

    def protocol(self):
        """What the server reflects is what Google's compiler makes of the repository's files."""
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "set")
            code = protoc.main(["protoc", f"-I{PROTO}", f"--descriptor_set_out={path}", *PROTO_FILES])
            expect(code == 0, f"protoc does not accept the files in {PROTO}")
            compiled = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
        for file in compiled.file:
            reflected = descriptor_pb2.FileDescriptorProto()
            self.server.pool.FindFileByName(file.name).CopyToProto(reflected)
            for one in (file, reflected):
                without_json_names(one)
            expect(file == reflected, f"reflection describes {file.name} otherwise than the repository does")

    def health(self):
        stub = health_pb2_grpc.HealthStub(self.server.channel)
        for service in ("", INGEST, STATS):
            status = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=CALL_SECONDS_MAX).status
            expect(status == health_pb2.HealthCheckResponse.SERVING, f"health of {service!r} is {status}, not SERVING")

    # What goes in.

    def send(self, *requests):
        return self.ingest.exchange("Ingest", requests)

    def batch(self, sequence, events=(), **more):
        own = {"site": self.site, "producer": self.producer, "producer_secret": self.secret}
        fields = {**own, "sequence": sequence, "events": events, **more}
        return self.ingest.request("Ingest", **fields)

    def event(self, visitor, **more):
        """A page view by a visitor (1 to 254), each in a minute of its own."""
        return {
            "time_unix_ms": self.midnight_ms + 9 * 3_600_000 + visitor * 60_000,
            "address": f"192.0.2.{visitor}",
            "user_agent": BROWSERS[visitor % len(BROWSERS)],
            "method": "GET",
            "target": "/",
            "status": 200,
            **more,
        }

    def first_batch(self):
        events = [self.event(visitor) for visitor in range(1, VISITORS + 1)]
        events.append(self.event(1, target="/mail/canary.person@example.org"))
        greeting, answer = self.send(self.batch(0), self.batch(1, events, cursor=b"line 61"))
        expect(greeting.durable_sequence == 0, f"a new producer is greeted with {greeting.durable_sequence}, not 0")
        self.balanced(answer, 1, len(events), {"OUTCOME_COUNTED": len(events)})
        expect(answer.cursor == b"line 61", f"the cursor came back as {answer.cursor!r}")

    def balanced(self, answer, sequence, sent, wanted):
        """The books of a batch: every event in exactly one outcome, and as many in each as wanted."""
        expect(answer.sequence == sequence, f"batch {sequence} is answered as {answer.sequence}")
        expect(answer.durable_sequence >= sequence, f"batch {sequence} is not durable: {answer.durable_sequence}")
        expect(not answer.duplicate, f"batch {sequence} is new but was answered as a duplicate")
        names = {number: name for name, number in self.outcomes.items()}
        counts = {names[entry.outcome]: entry.count for entry in answer.outcomes}
        late = counts.get("OUTCOME_LATE", 0)
        expect(not late, f"{self.date} of {self.site} is sealed already: this check needs a server with an empty store")
        expect(counts == wanted, f"batch {sequence}: expected {wanted}, got {counts}")
        accepted = sum(entry.count for entry in answer.outcomes if entry.outcome < self.outcomes["OUTCOME_LATE"])
        expect(answer.accepted == accepted, f"{answer.accepted} accepted, but the outcomes say {accepted}")
        expect(answer.accepted + answer.rejected == sent, f"{answer.accepted}+{answer.rejected} is not {sent} sent")

    def every_outcome(self):
        """One event for each way to end; the outcome must name the event by its place in the batch."""
        bad = (
            ("OUTCOME_ASSET", self.event(70, target="/style/main.css")),
            ("OUTCOME_BOT", self.event(71, user_agent=ROBOT)),
            ("OUTCOME_NOT_GET", self.event(72, method="POST")),
            ("OUTCOME_NOT_SUCCESS", self.event(73, status=404)),
            ("OUTCOME_FUTURE", self.event(74, time_unix_ms=self.now_ms + 3_600_000)),
            ("OUTCOME_TOO_OLD", self.event(75, time_unix_ms=315_532_800_000)),
            ("OUTCOME_NO_VISITOR", self.event(76, address="")),
            ("OUTCOME_BAD_TARGET", self.event(77, target="")),
            ("OUTCOME_BAD_STATUS", self.event(78, status=99)),
        )
        (answer,) = self.send(self.batch(2, [event for _, event in bad]))
        self.balanced(answer, 2, len(bad), {name: 1 for name, _ in bad})
        for entry in answer.outcomes:
            name = bad[entry.first_index][0]
            expect(entry.outcome == self.outcomes[name], f"outcome {entry.outcome} names event {entry.first_index}, {name}")

    def bounds(self):
        """A visitor with a cookie reads twelve pages; that four are beyond the daily bound is told to nobody."""
        events = [self.event(80, cookie="canary-cookie-80", target=f"/page/{number}") for number in range(12)]
        (answer,) = self.send(self.batch(3, events))
        self.balanced(answer, 3, len(events), {"OUTCOME_COUNTED": 12})

    def sequences(self):
        (answer,) = self.send(self.batch(1, [self.event(1)]))
        expect(answer.duplicate, "batch 1, sent again, is not answered as a duplicate")
        expect(answer.durable_sequence == 3, f"after three batches the durable sequence is {answer.durable_sequence}")
        expect(not answer.outcomes, "a duplicate is counted again")
        expect_error(grpc.StatusCode.FAILED_PRECONDITION, lambda: self.send(self.batch(9, [self.event(1)])), "4")
        (greeting,) = self.send(self.batch(0))
        expect(greeting.durable_sequence == 3, f"after the gap the durable sequence is {greeting.durable_sequence}, not 3")

    def refused_batches(self):
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        expect_error(invalid, lambda: self.send(self.batch(4, site="Not A Name")), "site")
        expect_error(invalid, lambda: self.send(self.batch(4, producer="")), "producer")
        expect_error(invalid, lambda: self.send(self.batch(4, [{}] * 20_001)), "events")
        expect_error(invalid, lambda: self.send(self.batch(4, cursor=b"c" * 257)), "cursor")

    # What comes out.

    def published(self):
        """States that all was sent, then waits for the day. Its numbers must fit what was sent, with their noise."""
        (answer,) = self.send(self.batch(4, complete_through_unix_ms=self.now_ms))
        expect(answer.durable_sequence == 4, "an empty batch that states the watermark is not durable")
        end, last = time.monotonic() + self.wait_seconds, "nothing was answered"
        while time.monotonic() < end:
            try:
                answer = self.stats.call("GetTraffic", site=self.site, from_date=self.date, to_date=self.date)
                expect(len(answer.points) == 1, f"one day was asked for, {len(answer.points)} points came")
                if answer.points[0].visits.HasField("estimate"):
                    return self.plausible(answer)
                last = f"no estimate, reason {answer.points[0].visits.reason}"
            except grpc.RpcError as error:
                # Not known on the reading side before the first release.
                expect(error.code() == grpc.StatusCode.NOT_FOUND, f"GetTraffic: {error.code().name}: {error.details()}")
                last = f"NOT_FOUND: {error.details()}"
            time.sleep(0.2)
        raise Failed(f"{self.date} was not published within {self.wait_seconds} s: {last}")

    def plausible(self, answer):
        point = answer.points[0]
        expect(answer.scope.site == self.site, f"the answer's scope is the site {answer.scope.site!r}")
        expect(point.start == self.date, f"the point starts on {point.start!r}, not on {self.date}")
        expect(answer.definitions and answer.blocks, "the answer lacks its definitions or its blocks")
        for name, sent in (("visits", VISITORS + 1), ("visitors", VISITORS + 1), ("views", VISITORS + 9)):
            value = getattr(point, name)
            # Eight standard errors: noise alone passes them less often than once in 10^14 runs.
            far = 8 * value.standard_error + 1
            expect(value.standard_error > 0, f"{name} has no noise")
            expect(value.low <= value.estimate <= value.high, f"{name} is outside its own interval: {value}")
            expect(abs(value.estimate - sent) <= far, f"{name}: {value.estimate} is too far from {sent} (limit {far:.0f})")

    def empty_requests(self):
        sites = [site.site for site in self.stats.call("ListSites").sites]
        expect(self.site in sites, f"ListSites gives {sites}")
        expect(self.stats.call("GetTraffic").points, "the empty GetTraffic gives no points")
        expect(self.stats.call("ListTop").scope.site, "the empty ListTop has no scope")
        privacy = self.stats.call("GetPrivacy")
        expect(privacy.epsilon > 0 and 0 < privacy.delta < 1, f"epsilon {privacy.epsilon}, delta {privacy.delta}")
        expect(privacy.mechanisms and privacy.ledger and privacy.retention, "GetPrivacy lacks a list")
        releases = self.stats.call("ExportReleases")
        days = [one for one in releases if (one.site, one.start) == (self.site, self.date) and one.counters]
        expect(days, f"ExportReleases has no release with counters for {self.date}")
        numbers = [one.release for one in releases]
        expect(numbers == sorted(set(numbers)), "ExportReleases is not in ascending order of releases")

    def same_question(self):
        """A number is drawn once: asked again, it is the same."""
        ask = {"site": self.site, "from_date": self.date, "to_date": self.date}
        for method in ("GetTraffic", "ListTop"):
            first, second = self.stats.call(method, **ask), self.stats.call(method, **ask)
            expect(first == second, f"{method} answers the same question in two ways")

    def watch(self):
        notice = self.stats.first("WatchReleases", site=self.site, after_release=0)
        expect(notice.release > 0 and notice.site == self.site, f"the first notice is {notice}")

    def refused_questions(self):
        invalid, site = grpc.StatusCode.INVALID_ARGUMENT, self.site
        expect_error(invalid, lambda: self.stats.call("ListTop", site=site, table=99), "table")
        expect_error(invalid, lambda: self.stats.call("ListTop", site=site, page_token="no token"), "page_token")
        expect_error(invalid, lambda: self.stats.call("GetTraffic", site=site, from_date="2026-13-99"), "from_date")
        for method in ("GetTraffic", "ListTop", "GetPrivacy"):
            ask = lambda method=method: self.stats.call(method, site="no-such-site")
            expect_error(grpc.StatusCode.NOT_FOUND, ask, site)

    def no_visitor_data(self):
        text = "\n".join(str(message) for message in self.server.seen)
        expect(self.server.seen, "no answer was seen")
        for canary in CANARIES:
            expect(canary not in text, f"an answer of the stats service contains the visitor data {canary!r}")


def without_json_names(file):
    """Compilers differ in whether they write these names down; they follow from the field names."""
    for message in file.message_type:
        for field in message.field:
            field.ClearField("json_name")
    file.ClearField("source_code_info")


CHECKS = (
    ("reflection lists the services", Check.services),
    ("reflection describes the protocol", Check.protocol),
    ("health is SERVING", Check.health),
    ("a first batch is counted", Check.first_batch),
    ("every outcome is told with its index", Check.every_outcome),
    ("a visitor's daily bound holds", Check.bounds),
    ("duplicates and gaps", Check.sequences),
    ("wrong batches are refused", Check.refused_batches),
    ("the finished day is published", Check.published),
    ("empty questions are answered", Check.empty_requests),
    ("the same question, the same answer", Check.same_question),
    ("releases are announced", Check.watch),
    ("wrong questions are refused", Check.refused_questions),
    ("no answer holds visitor data", Check.no_visitor_data),
)


def main():
    parser = argparse.ArgumentParser(description="Checks a running headcount server with Google's gRPC for Python.")
    parser.add_argument("address", help="host and port, such as 127.0.0.1:50051")
    parser.add_argument("--site", default="pytest", help="the site to send to (default: pytest)")
    parser.add_argument("--wait-seconds", type=float, default=20, help="how long a release may take (default: 20)")
    arguments = parser.parse_args()
    try:
        check = Check(arguments.address, arguments.site, arguments.wait_seconds)
    except grpc.FutureTimeoutError:
        print(f"FAILED  no server answers at {arguments.address} within {CALL_SECONDS_MAX} s")
        return 1
    for name, run in CHECKS:
        try:
            run(check)
        except (Failed, grpc.RpcError) as error:
            reason = f"{error.code().name}: {error.details()}" if isinstance(error, grpc.RpcError) else error
            # What follows stands on what came before.
            print(f"FAILED  {name}: {reason}")
            return 1
        print(f"ok      {name}", flush=True)
    print(f"all {len(CHECKS)} checks passed against {arguments.address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
