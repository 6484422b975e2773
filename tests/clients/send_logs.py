"""Sends log records as a program with the OpenTelemetry SDK does: batches over gRPC, gzipped.

Usage: send_logs.py ADDRESS SERVICE COUNT      (ADDRESS such as 127.0.0.1:50051)

Each record is a page view by a visitor of its own, of a day a week ago. Exit code 0 when the exporter says that all were taken.
"""

import sys
import time

from grpc import Compression
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


class Watched(OTLPLogExporter):
    """Remembers whether an export failed."""

    failed = False

    def export(self, batch):
        result = super().export(batch)
        self.failed |= result.name != "SUCCESS"
        return result


def main(address, service, count):
    exporter = Watched(endpoint=f"http://{address}", insecure=True, compression=Compression.Gzip)
    provider = LoggerProvider(resource=Resource.create({"service.name": service}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=count + 1))
    logger = provider.get_logger("access")
    at = time.time_ns() - 7 * 86_400 * 10**9
    for visitor in range(count):
        attributes = {
            "client.address": f"10.3.{visitor >> 8}.{visitor & 255}",
            "user_agent.original": BROWSER,
            "http.request.method": "GET",
            "url.path": "/from-python",
            "http.response.status_code": 200,
            "http.request.header.accept-language": ["ja", "en"],
            "http.server.request.duration": 0.012,
        }
        logger.emit(LogRecord(timestamp=at + visitor, severity_number=SeverityNumber.INFO, attributes=attributes))
    flushed = provider.force_flush()
    provider.shutdown()
    return 0 if flushed and not exporter.failed else 1


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
