"""A gRPC client that knows nothing of headcount beforehand: it learns every message from the server's reflection.

It is here so that the protocol is checked by an implementation that shares no code with the server. It never reads
generated code of this repository.
"""

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.rpc import error_details_pb2  # noqa: F401  (makes the details below readable)
from google.rpc import status_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

CALL_SECONDS_MAX = 10


class Service:
    """One service of the server; `call` is made for each of its methods from what reflection says."""

    def __init__(self, channel, pool, name, seen):
        self.descriptor = pool.FindServiceByName(name)
        self._channel = channel
        self._seen = seen

    def request(self, method, **fields):
        """An empty or filled request of a method."""
        return self._class(self._method(method).input_type)(**fields)

    def call(self, method, **fields):
        """Calls a method that takes one request; gives its response, or the list of them where it streams."""
        described = self._method(method)
        make = self._channel.unary_stream if described.server_streaming else self._channel.unary_unary
        answer = self._bind(make, described)(self.request(method, **fields), timeout=CALL_SECONDS_MAX)
        responses = list(answer) if described.server_streaming else [answer]
        self._seen.extend(responses)
        return responses if described.server_streaming else responses[0]

    def first(self, method, **fields):
        """The first response of a stream that has no end."""
        described = self._method(method)
        stream = self._bind(self._channel.unary_stream, described)
        responses = stream(self.request(method, **fields), timeout=CALL_SECONDS_MAX)
        response = next(responses)
        responses.cancel()
        self._seen.append(response)
        return response

    def exchange(self, method, requests):
        """Sends all requests on one stream and gives all responses."""
        stream = self._bind(self._channel.stream_stream, self._method(method))
        return list(stream(iter(requests), timeout=CALL_SECONDS_MAX))

    def _method(self, name):
        return self.descriptor.methods_by_name[name]

    def _bind(self, make, described):
        return make(
            f"/{self.descriptor.full_name}/{described.name}",
            request_serializer=self._class(described.input_type).SerializeToString,
            response_deserializer=self._class(described.output_type).FromString,
        )

    @staticmethod
    def _class(descriptor):
        return message_factory.GetMessageClass(descriptor)


class Server:
    """A server at an address, with the services it names itself."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        grpc.channel_ready_future(self.channel).result(timeout=CALL_SECONDS_MAX)
        self._database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(self._database)
        # Every message that a service answered with, to look for visitor data in.
        self.seen = []

    def service(self, name):
        return Service(self.channel, self.pool, name, self.seen)

    def service_names(self):
        """As reflection v1alpha lists them, which older clients speak."""
        return set(self._database.get_services())

    def service_names_v1(self):
        """As reflection v1 lists them; its messages are the same on the wire."""
        stream = self.channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        answers = list(stream(iter([request]), timeout=CALL_SECONDS_MAX))
        return {service.name for answer in answers for service in answer.list_services_response.service}

    def enum(self, name):
        """Names to numbers of an enum."""
        return {value.name: value.number for value in self.pool.FindEnumTypeByName(name).values}


def details(error):
    """The google.rpc details of an error as text, one an entry; empty where there are none."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return [str(detail) for detail in status_pb2.Status.FromString(value).details]
    return []
