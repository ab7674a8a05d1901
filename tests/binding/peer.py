"""Signs and verifies bindings with signxml, which is no code of ours.

sign MESSAGE KEY CERTIFICATE ALGORITHM DIGEST: replaces the empty signature of the message, and prints it.
verify MESSAGE CERTIFICATE REFERENCES: fails where signxml does not take the signature of the message.
sign-ed25519 TEMPLATE KEY CERTIFICATE: fills the empty signature of the template, and prints the message.
verify-ed25519 MESSAGE CERTIFICATE: fails where the one reference or the signature is not what lxml and OpenSSL compute.
"""

import base64
import hashlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate
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


DS = "{http://www.w3.org/2000/09/xmldsig#}"


def canonical(node):
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=False)


def parts(message):
    """The root, and what is computed: the digest of the document without its signature, then a way to find elements of the signature."""
    whole = etree.parse(message).getroot()
    bare = etree.parse(message).getroot()
    signature = bare.find(".//" + DS + "Signature")
    before, tail = signature.getprevious(), signature.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        signature.getparent().text = (signature.getparent().text or "") + tail
    signature.getparent().remove(signature)
    digest = base64.b64encode(hashlib.sha384(canonical(bare)).digest()).decode()
    return whole, digest, lambda name: whole.find(".//" + DS + name)


def sign_ed25519(template, key, certificate):
    whole, digest, find = parts(template)
    find("DigestValue").text = digest
    # The key is in the second version of PKCS #8, which OpenSSL does not read: its 32 bytes stand after 16 others in both versions.
    lines = open(key).read().strip().splitlines()
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode("".join(line for line in lines if not line.startswith("-")))[16:48])
    find("SignatureValue").text = base64.b64encode(key.sign(canonical(find("SignedInfo")))).decode()
    lines = open(certificate).read().strip().splitlines()
    find("X509Certificate").text = "".join(line for line in lines if not line.startswith("-"))
    sys.stdout.buffer.write(etree.tostring(whole, xml_declaration=True, encoding="UTF-8"))


def verify_ed25519(message, certificate):
    _, digest, find = parts(message)
    assert find("DigestValue").text == digest, "digest"
    key = load_pem_x509_certificate(open(certificate, "rb").read()).public_key()
    key.verify(base64.b64decode(find("SignatureValue").text), canonical(find("SignedInfo")))


VERBS = {"sign": sign, "verify": verify, "sign-ed25519": sign_ed25519, "verify-ed25519": verify_ed25519}
VERBS[sys.argv[1]](*sys.argv[2:])
