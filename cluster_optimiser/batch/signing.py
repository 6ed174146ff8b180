"""A council's own signature of a results folder, by the keys that OpenSSH makes and checks."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from cluster_optimiser.batch.ledger import RECORD_FILE
from cluster_optimiser.errors import ClusterOptimiserError, Fault, InputError

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = f"{RECORD_FILE}.sig"
"""Where `ssh-keygen -Y sign` puts the signature of the record, which holds the hash of all else."""

NAMESPACE = "cluster-optimiser"


def signed_by(results: Path, signers: Path) -> str:
    """Name who has signed a results folder, of those that a file of allowed signers lists."""
    program = shutil.which("ssh-keygen")
    if program is None:
        message = "a signature is checked by ssh-keygen of OpenSSH, which is not on the path"
        raise ClusterOptimiserError(message)
    signature = results / SIGNATURE
    if not signature.is_file():
        remedy = f"Sign it: ssh-keygen -Y sign -f KEY -n {NAMESPACE} {results / RECORD_FILE}."
        raise InputError([Fault(SIGNATURE, 0, "", "is missing: the folder is not signed", remedy)])
    of = ("-f", str(signers), "-s", str(signature))
    who = _asked([program, "-Y", "find-principals", *of], results).partition("\n")[0].strip()
    named = ["-I", who, "-n", NAMESPACE, *of]
    if who and _asked([program, "-Y", "verify", *named], results):
        return who
    problem = f"is no signature of this folder by anybody whom {signers} lists"
    remedy = "Take folder and signature from where they were made, or sign it again."
    raise InputError([Fault(SIGNATURE, 0, "", problem, remedy)])


def _asked(command: list[str], results: Path) -> str:
    """Give what ssh-keygen says of the record; nothing where it is not content."""
    with (results / RECORD_FILE).open("rb") as record:
        done = subprocess.run(command, stdin=record, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, and each argument its own
    return done.stdout if done.returncode == 0 else ""
