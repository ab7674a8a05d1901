"""Prints what pyasn1 reads from each label, in base64 on a line of the input: one JSON object a line, null for what it refuses."""

import base64
import json
import sys

from pyasn1.codec.der import decoder, encoder
from pyasn1.type import univ
from pyasn1_modules import rfc2634

KINDS = {0: "restrictive", 1: "permissive", 2: "permissive", 3: "informative", 4: "restrictive"}


def category(found):
    kind, inside = str(found["type"]), decoder.decode(bytes(found["value"]))[0]
    tag_set, values = inside[0], inside[1]
    if isinstance(values, univ.BitString):
        numbers, spelling = [at for at, bit in enumerate(values) if bit], "bits"
    else:
        numbers, spelling = [int(number) for number in values], "numbers"
    return {"kind": f"{KINDS[int(kind.rsplit('.', 1)[1])]}-{spelling}", "set": str(tag_set), "values": [str(number) for number in numbers]}


def dump(label):
    try:
        found, rest = decoder.decode(label, asn1Spec=rfc2634.ESSSecurityLabel())
        return members(found, rest)
    except Exception:  # Broken labels break it in many ways; what it does not read is not compared.
        return None


def members(found, rest):
    mark = found["privacy-mark"]
    categories = found["security-categories"]
    return {
        "rest": len(rest),
        "policy": str(found["security-policy-identifier"]),
        "classification": str(int(found["security-classification"])),
        "mark": str(mark.getComponent()) if mark.isValue else None,
        "categories": [category(one) for one in categories] if categories.isValue else [],
        "written": encoder.encode(found).hex(),
    }


for line in sys.stdin:
    print(json.dumps(dump(base64.b64decode(line))))
