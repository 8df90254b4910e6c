"""Say in a few words why somebody else's server did not answer."""

import errno
import os

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientPayloadError,
    ClientResponseError,
)
from aiohttp.http import HttpProcessingError

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "No answer in time"),
    (ClientConnectorDNSError, "No such host"),
    (ClientConnectorSSLError, "TLS handshake failed"),
    (ClientPayloadError, "The answer broke off"),
    (ClientResponseError, "Not an HTTP answer"),
    (HttpProcessingError, "Not an HTTP answer"),
)


def error_text_of(error: Exception) -> str:
    """Say in a few words why no answer came."""
    if isinstance(error, ClientConnectorCertificateError):
        return f"Certificate not accepted{_detail(error)}"
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    if isinstance(error, ClientConnectorError) and error.errno in errno.errorcode:
        return os.strerror(error.errno or 0)
    return "Connection closed without an answer"


def _detail(error: ClientConnectorCertificateError) -> str:
    message = getattr(error.certificate_error, "verify_message", "")
    return f" ({message})" if message else ""
