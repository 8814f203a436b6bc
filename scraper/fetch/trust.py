"""The certificates to trust, and hints for a distrusted one."""

from __future__ import annotations

import ssl

from scraper.errors import FetchError

# OpenSSL's numbers (x509_vfy.h). OpenSSL gives the same number if a site omits a certificate, and
# if this machine does not know the authority that signed the site's own.
_NO_ISSUER = frozenset({20, 21})
_SELF_SIGNED = frozenset({18, 19})


def trusted(ca_file: str) -> ssl.SSLContext:
    """
    Return a context that trusts the authorities of this machine, and those of a file.

    The machine's own are those of OpenSSL: its store, or ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``.

    Args:
        ca_file: Certificates in PEM; empty = none.

    Raises:
        FetchError: The file cannot be read, or has no certificate.
    """
    context = ssl.create_default_context()
    # Python 3.13 sets it. Authorities of companies often fail this check, but browsers accept them.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as exc:  # SSLError is one
            why = exc.strerror if not isinstance(exc, ssl.SSLError) else "no PEM in it"
            raise FetchError(ca_file, f"no certificates of [fetch] ca_file: {why}") from exc
    return context


def distrust(exc: ssl.SSLCertVerificationError) -> str:
    """Say why a certificate is not trusted, with a remedy."""
    reason = f"certificate not trusted: {exc.verify_message}"
    if exc.verify_code in _NO_ISSUER:
        return (
            f"{reason}; the site leaves out an intermediate certificate, or this machine does not"
            " know its authority: save the missing one as PEM and name the file in [fetch] ca_file"
        )
    if exc.verify_code in _SELF_SIGNED:
        return (
            f"{reason}; this machine does not know the authority, as where a network opens TLS:"
            " save its certificate as PEM and name the file in [fetch] ca_file"
        )
    return reason
