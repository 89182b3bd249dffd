"""Certificates made with `openssl`: a CA of one's own, and servers that it vouches for."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import missing

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")

CONFIG = """
[ca]
default_ca = own
[own]
dir = {folder}
new_certs_dir = {folder}
database = {folder}/index.txt
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = names
[names]
[ca_extensions]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
"""


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, both in PEM."""

    file: Path
    key: Path


class Authority:
    """A CA in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            missing("openssl")
        folder.mkdir()
        (folder / "index.txt").touch()
        self._folder = folder
        self._config = folder / "openssl.cnf"
        self._config.write_text(CONFIG.format(folder=folder), "utf-8")
        self.certificate = Certificate(folder / "ca.pem", folder / "ca.key")
        self._openssl(
            *("req", "-x509", *KEY, "-nodes", "-days", "2"),
            *("-subj", f"/CN={folder.name}", "-extensions", "ca_extensions"),
            *("-keyout", str(self.certificate.key), "-out", str(self.certificate.file)),
        )

    def sign(self, name: str, *, valid_for: str, until: str = "20991231235959Z") -> Certificate:
        """Return a certificate for the host or address `valid_for`, such as `IP:127.0.0.1`."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request = self._folder / f"{name}.csr"
        self._openssl(
            *("req", "-new", *KEY, "-nodes", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName={valid_for}"),
            *("-keyout", str(made.key), "-out", str(request)),
        )
        self._openssl(
            *("ca", "-batch", "-notext", "-startdate", "20200101000000Z", "-enddate", until),
            *("-cert", str(self.certificate.file), "-keyfile", str(self.certificate.key)),
            *("-in", str(request), "-out", str(made.file)),
        )
        return made

    def _openssl(self, command: str, *arguments: str) -> None:
        subprocess.run(
            ["openssl", command, "-config", str(self._config), *arguments],
            check=True,
            capture_output=True,
        )
