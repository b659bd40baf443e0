"""The whole bus as one AsyncAPI document.

Source: AsyncAPI specification 3.0.0, and its Kafka bindings 0.5.0.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from schemas.contracts import sources
from schemas.examples import examples
from schemas.topics import CATALOGUE, PARTITIONS, Topic

_AVRO: Final = "application/vnd.apache.avro;version=1.9.0"
_BINDING: Final = "0.5.0"


def asyncapi() -> dict[str, Any]:
    """The document: a channel for each topic, a message for each contract, what partners may send and receive."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Beffroi",
            "version": version("beffroi"),
            "description": "The event bus of a regional employment pact. Values are Avro in Confluent's wire format.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/vnd.apache.avro",
        "channels": {_channel(topic): _describe(topic) for topic in CATALOGUE if topic.contracts},
        "operations": dict(_operations()),
        "components": {"messages": {name: _message(name, schema) for name, schema in sources().items()}},
    }


def _channel(topic: Topic) -> str:
    return topic.name.replace(".", "-")


def _describe(topic: Topic) -> dict[str, Any]:
    cleanup = [one.strip() for one in topic.config["cleanup.policy"].split(",")]
    return {
        "address": topic.name,
        "title": topic.name,
        "description": f"{topic.doc}. Key: {topic.key}. Written by {topic.owner}, read by {topic.readers}.",
        "messages": {_short(name): {"$ref": f"#/components/messages/{name}"} for name in topic.contracts},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions or PARTITIONS,
                "topicConfiguration": {"cleanup.policy": cleanup},
                "bindingVersion": _BINDING,
            }
        },
    }


def _operations() -> Any:  # noqa: ANN401  # pairs of a name and an operation
    for topic in CATALOGUE:
        name = _channel(topic)
        channel = {"$ref": f"#/channels/{name}"}
        if ".events." in topic.name:
            yield (
                f"publish-{name}",
                {"action": "receive", "channel": channel, "summary": f"Partners publish: {topic.doc}."},
            )
        elif topic.name.startswith("view."):
            yield f"follow-{name}", {"action": "send", "channel": channel, "summary": f"Anybody follows: {topic.doc}."}


def _message(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "title": schema["name"],
        "summary": schema["doc"],
        "contentType": "application/vnd.apache.avro",
        "payload": {"schemaFormat": _AVRO, "schema": schema},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": _BINDING}},
        "examples": [{"name": "full", "payload": examples(name).valid[0]}],
    }


def _short(name: str) -> str:
    return name.rpartition(".")[2]
