"""Prints what PyMISP reads from each file: the event as a JSON object, or why it reads none, as a text."""

import json
import logging
import sys
import warnings

from pymisp import MISPEvent

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def number(value):
    return None if value is None else str(int(value))


def tags(part):
    return [tag.name for tag in part.tags]


def attribute(found):
    # Some types become dates: then only that there is a value is compared.
    value = found.value if isinstance(found.value, str) else "" if found.value is None else None
    if isinstance(found.value, (int, float)):
        value = str(found.value)
    return {
        "uuid": found.uuid,
        "type": found.type,
        "category": found.category,
        "value": value,
        "to_ids": bool(found.to_ids) if "to_ids" in found else None,
        "distribution": number(found.get("distribution")),
        "comment": found.get("comment"),
        "tags": tags(found),
    }


def dump(path):
    with open(path, encoding="utf-8") as file:
        event = MISPEvent()
        event.load(json.load(file))
    objects = [
        {
            "uuid": found.uuid,
            "name": found.name,
            "attributes": [attribute(inner) for inner in found.attributes],
            "references": [reference.referenced_uuid for reference in found.references],
        }
        for found in event.objects
    ]
    return {
        "uuid": event.uuid,
        "info": event.info,
        "distribution": number(event.get("distribution")),
        "tags": tags(event),
        "attributes": [attribute(found) for found in event.attributes],
        "objects": objects,
    }


for name in sys.argv[1:]:
    try:
        print(json.dumps(dump(name)))
    except Exception as why:
        print(json.dumps(f"{type(why).__name__}: {why}"))
