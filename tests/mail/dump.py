"""Prints what Python's e-mail package reads from each file: fields, then parts, one JSON object a line."""

import email
import email.policy
import json
import sys
from email.utils import getaddresses


def dump(path):
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    addresses = {}
    for name in ("from", "sender", "reply-to", "to", "cc"):
        header = message[name]
        if header is not None:
            addresses[name] = [[a.display_name, a.addr_spec] for a in header.addresses]
    parts = []
    for part in message.iter_parts() if message.is_multipart() else [message]:
        payload = part.get_payload(decode=True) or b""
        parts.append({"type": part.get_content_type(), "name": part.get_filename(), "bytes": payload.hex()})
    defects = [type(d).__name__ for m in message.walk() for d in m.defects]
    return {
        "date": int(message["date"].datetime.timestamp()),
        "subject": None if message["subject"] is None else str(message["subject"]),
        "id": message["message-id"].strip("<>"),
        "addresses": addresses,
        "label": sorted(message.get_params(header="sio-label") or []) if message["sio-label"] else [],
        "parts": parts,
        "defects": defects,
    }


for path in sys.argv[1:]:
    print(json.dumps(dump(path)))
