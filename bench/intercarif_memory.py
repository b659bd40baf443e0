"""How much memory an Intercarif file of 500 MB needs, through the whole pipeline to an acknowledged Kafka.

Usage: ``python bench/intercarif_memory.py [MEGABYTES]`` (500). The file is invented: one session a training, 7 kB each.
"""

import os
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from beffroi.embedded import EmbeddedKafka
from beffroi.settings import user_dir
from connectors.intake import Intake
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from connectors.privacy import Pseudonymiser
from connectors.report import render
from schemas.clock import system_clock
from schemas.territory.areas import Territory
from schemas.topics import catalogue

TRAINING = """<formation numero="F_{n}" datemaj="20261101">
<domaine-formation><code-FORMACODE ref="V14" tag="principal">{formacode}</code-FORMACODE><code-ROME>N4101</code-ROME>
</domaine-formation><intitule-formation>Formation {n}</intitule-formation><contenu-formation>{text}</contenu-formation>
<action><lieu-de-formation><coordonnees><adresse><codepostal>62300</codepostal><ville>Lens</ville>
<code-INSEE-commune>62498</code-INSEE-commune></adresse></coordonnees></lieu-de-formation>
<session numero="SE_{n:010d}"><periode><debut>20260907</debut><fin>20261218</fin></periode>
<etat-recrutement>1</etat-recrutement></session></action></formation>
"""


def write(path: Path, megabytes: int) -> int:
    """Write the file; gives the number of its sessions."""
    text = "Contenu de la formation, module après module. " * 140
    number = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<lheo xmlns="http://www.lheo.org/2.2"><offres>\n')
        while file.tell() < megabytes * 1_000_000:
            for _ in range(100):
                number += 1
                file.write(TRAINING.format(n=number, formacode=30_000 + number % 9_000, text=text))
        file.write("</offres></lheo>\n")
    return number


def publish(bootstrap: str, path: Path) -> None:
    """The measured part, in a process of its own."""
    intake = Intake(
        KafkaSettings(bootstrap=bootstrap), prefix="", pseudonyms=Pseudonymiser(b"bench"),
        territory=Territory.load(), clock=system_clock,
    )  # fmt: skip
    print(render(intake.publish_file(path, "intercarif-xml", as_of=datetime(2026, 11, 23, tzinfo=UTC))))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    print(f"peak memory {kilobytes / 1024:.0f} MB")


def main(megabytes: int) -> None:
    """Start a broker, write the file, publish it twice."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "intercarif.xml"
        print(f"{write(path, megabytes):,} sessions, {path.stat().st_size / 1e6:.0f} MB")
        cache = user_dir("cache", os.environ, sys.platform, Path.home())
        with EmbeddedKafka(Path(folder) / "kafka", cache) as kafka:
            admin.apply(KafkaSettings(bootstrap=kafka.bootstrap), admin.plan({}, catalogue(4)), 1)
            for _ in ("new", "known already"):
                subprocess.run([sys.executable, __file__, "--measure", kafka.bootstrap, str(path)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        publish(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
