"""Prints what takproto reads from each file, or writes of it.

`decode`: from each frame, its fields by path, one JSON object a line; a text says why it reads none.
`again MESH|STREAM`: the bytes that it writes from what it read, in hexadecimal.
`from-xml MESH|STREAM`: the bytes that it writes from an event in XML, in hexadecimal.
"""

import json
import sys
import xml.etree.ElementTree as ET

import takproto
from google.protobuf.unknown_fields import UnknownFieldSet
from takproto import TAKProtoVer

TYPED = {"contact": "contact", "group": "__group", "precisionLocation": "precisionlocation", "status": "status", "takv": "takv", "track": "track"}
POINT = ("lat", "lon", "hae", "ce", "le")
TIMES = {"sendTime": "time", "startTime": "start", "staleTime": "stale"}
# What its definitions do not have, by number.
LATER = {"message": {3: "submissionTime", 4: "creationTime"}, "event": {16: "caveat", 17: "releasableTo"}}


def local(name):
    return name.rsplit("}", 1)[-1]


def element(path, node, found):
    path = f"{path}/{local(node.tag)}"
    for name, value in node.attrib.items():
        found.append([f"{path}/@{local(name)}", value])
    for text in [node.text] + [child.tail for child in node]:
        if text and (text.strip(" \t\r\n")):
            found.append([path, text])
    for child in node:
        element(path, child, found)


def scalars(path, message, found):
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if value or not isinstance(value, str):
            found.append([f"{path}/@{field.name}", value if isinstance(value, str) else repr(value)])


def later(path, message, names, found):
    for field in UnknownFieldSet(message):
        name = names.get(field.field_number, f"unknown-{field.field_number}")
        found.append([f"{path}/@{name}", field.data.decode() if isinstance(field.data, bytes) else repr(field.data)])


def dump(path):
    with open(path, "rb") as file:
        message = takproto.parse_proto(file.read())
    if message is None:
        raise ValueError("no frame")
    found, event = [], message.cotEvent
    later("/event", message, LATER["message"], found)
    later("/event", event, LATER["event"], found)
    control = message.takControl
    for name in ("minProtoVersion", "maxProtoVersion", "contactUid"):
        # Nothing and nought are one here, and neither is said.
        if getattr(control, name):
            found.append([f"/event/takControl/@{name}", str(getattr(control, name))])
    for field in event.DESCRIPTOR.fields:
        value = getattr(event, field.name)
        if field.name in POINT:
            found.append([f"/event/point/@{field.name}", repr(value)])
        elif field.name in TIMES:
            found.append([f"/event/@{TIMES[field.name]}", repr(value)])
        elif field.message_type is None and value:
            found.append([f"/event/@{field.name}", value])
    if event.HasField("detail"):
        detail = event.detail
        later("/event/detail", detail, {}, found)
        for child in ET.fromstring("<detail>" + detail.xmlDetail + "</detail>"):
            element("/event/detail", child, found)
        for field, name in TYPED.items():
            if detail.HasField(field):
                scalars(f"/event/detail/{name}", getattr(detail, field), found)
                later(f"/event/detail/{name}", getattr(detail, field), {}, found)
    return found


def answer(mode, path):
    if mode[0] == "decode":
        return dump(path)
    version = TAKProtoVer[mode[1]]
    with open(path, "rb") as file:
        body = file.read()
    if mode[0] == "from-xml":
        return bytes(takproto.xml2proto(body, version)).hex()
    return bytes(takproto.functions.msg2proto(takproto.parse_proto(body), version)).hex()


mode, files = (sys.argv[1:2], sys.argv[2:]) if sys.argv[1] == "decode" else (sys.argv[1:3], sys.argv[3:])
for name in files:
    try:
        print(json.dumps(answer(mode, name)))
    except Exception as why:
        print(json.dumps({"refused": f"{type(why).__name__}: {why}"}))
