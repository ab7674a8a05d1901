"""What verification of bindings is measured beside: the library of xmlsec1, through its binding for Python.

MESSAGE ANCHOR ROUNDS: verifies a message against an anchor so many times, parse included; prints the nanoseconds of the fastest round.
"""

import sys
import time

import xmlsec
from lxml import etree

message, anchor, rounds = sys.argv[1:]
text = open(message, "rb").read()
manager = xmlsec.KeysManager()
manager.load_cert(anchor, xmlsec.constants.KeyDataFormatPem, xmlsec.constants.KeyDataTypeTrusted)


def verified():
    began = time.perf_counter_ns()
    tree = etree.fromstring(text)
    context = xmlsec.SignatureContext(manager)
    context.verify(xmlsec.tree.find_node(tree, xmlsec.constants.NodeSignature))
    return time.perf_counter_ns() - began


print(min(verified() for _ in range(int(rounds))))
