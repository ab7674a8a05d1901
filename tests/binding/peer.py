"""Signs and verifies bindings with signxml, which is no code of ours.

sign MESSAGE KEY CERTIFICATE ALGORITHM DIGEST: replaces the empty signature of the message, and prints it.
verify MESSAGE CERTIFICATE REFERENCES: fails where signxml does not take the signature of the message.
"""

import sys

from lxml import etree
from signxml import CanonicalizationMethod, SignatureConfiguration, SignatureMethod, XMLSigner, XMLVerifier


def sign(message, key, certificate, algorithm, digest):
    tree = etree.parse(message).getroot()
    signer = XMLSigner(
        signature_algorithm=SignatureMethod(algorithm),
        digest_algorithm=digest,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(tree, key=open(key, "rb").read(), cert=open(certificate).read())
    sys.stdout.buffer.write(etree.tostring(signed, xml_declaration=True, encoding="UTF-8"))


def verify(message, certificate, references):
    config = SignatureConfiguration(expect_references=int(references), location=".//")
    XMLVerifier().verify(open(message, "rb").read(), x509_cert=open(certificate).read(), id_attribute="Id", expect_config=config)


{"sign": sign, "verify": verify}[sys.argv[1]](*sys.argv[2:])
