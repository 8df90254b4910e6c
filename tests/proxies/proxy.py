"""Debian's nginx and Caddy, with the very files of `deploy/`: only names, ports and paths are changed."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import trustme

from tests.architecture.source import ROOT
from tests.hub import free_port

DEPLOY = ROOT / "deploy"
_NAME = "hub.example.com"
_HUB = "127.0.0.1:8080"
_NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    include {folder}/saluhall.conf;
}}
"""
# Started by root, its workers would be somebody else, who may not write into a test's folder.
_AS_US = "user root;" if os.geteuid() == 0 else ""
_CADDY = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"


def installed(name: str) -> str | None:
    """Return the path of a proxy's program."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Proxy:
    """A proxy before the hub at this port; `base` is its address, `context` trusts its certificate."""

    def __init__(self, name: str, folder: Path, *, hub_port: int) -> None:
        self.port = free_port()
        self.base = f"https://localhost:{self.port}"
        authority = trustme.CA()
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)
        issued = authority.issue_cert("localhost")
        self._chain, self._key = folder / "chain.pem", folder / "key.pem"
        for blob in issued.cert_chain_pems:
            blob.write_to_path(self._chain, append=True)
        issued.private_key_pem.write_to_path(self._key)
        self._hub = f"127.0.0.1:{hub_port}"
        self._folder = folder
        program = installed(name)
        assert program is not None
        command = self._nginx(program) if name == "nginx" else self._caddy(program)
        self._log = folder / "output.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)}
            )
        self._until_it_listens()

    def _nginx(self, program: str) -> list[str]:
        text = _changed(
            (DEPLOY / "nginx.conf").read_text(encoding="utf-8"),
            (_HUB, self._hub),
            ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
            ("    listen [::]:80;\n", ""),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("    listen [::]:443 ssl http2;\n", ""),
            (_NAME, "localhost"),
            ("/etc/ssl/saluhall/fullchain.pem", str(self._chain)),
            ("/etc/ssl/saluhall/privkey.pem", str(self._key)),
        )
        (self._folder / "saluhall.conf").write_text(text, encoding="utf-8")
        main = self._folder / "nginx.conf"
        main.write_text(_NGINX.format(folder=self._folder, user=_AS_US), encoding="utf-8")
        return [program, "-c", str(main), "-e", str(self._folder / "error.log")]

    def _caddy(self, program: str) -> list[str]:
        text = _changed(
            (DEPLOY / "Caddyfile").read_text(encoding="utf-8"),
            (_HUB, self._hub),
            (f"{_NAME} {{", f"{self.base} {{\n\ttls {self._chain} {self._key}"),
        )
        file = self._folder / "Caddyfile"
        file.write_text(_CADDY + text, encoding="utf-8")
        return [program, "run", "--config", str(file), "--adapter", "caddyfile"]

    def _until_it_listens(self) -> None:
        deadline = time.monotonic() + 15
        while True:
            assert self._process.poll() is None, self._log.read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


def _changed(text: str, *changes: tuple[str, str]) -> str:
    for there, here in changes:
        assert there in text, f"{there!r} is not in the file any more"
        text = text.replace(there, here)
    return text
