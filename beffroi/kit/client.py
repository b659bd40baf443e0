"""Post a file to Beffroi's gateway and print what became of each record.

Usage: ``python client.py FILE [--dry-run]``. Python 3.11 or later, nothing else. The settings GATEWAY, TOKEN, DOOR,
SOURCE and MEDIA_TYPE come from the environment, else from ``.env`` beside this file. Ends with 0 when every record was
taken or known, 4 when some were refused, 65 when all or the whole file was, 69 when the gateway is away: then run it
again, for sending twice never counts twice.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

#: Seconds; long files are published within some.
TIMEOUT_S = 120.0
#: Statuses of HTTP, and with which code this program ends for them.
ENDS = {200: 0, 207: 4, 429: 69, 500: 69, 502: 69, 503: 69, 504: 69}
REFUSED, AWAY = 65, 69


def settings(folder: Path) -> Mapping[str, str]:
    """NAME=value of the file ``.env``, then of the environment."""
    path = folder / ".env"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs} | os.environ


def post(file: Path, told: Mapping[str, str], *, dry_run: bool = False) -> tuple[int, Iterator[dict[str, Any]]]:
    """The status of the answer, and its verdicts one by one; the last says the tally, or the only one the problem."""
    address = urlsplit(told["GATEWAY"])
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.netloc, timeout=TIMEOUT_S)
    query = urlencode({"source": told["SOURCE"], "dry_run": str(dry_run).lower()})
    headers = {
        "Authorization": f"Bearer {told['TOKEN']}",
        "Content-Type": told["MEDIA_TYPE"],
        "Content-Length": str(file.stat().st_size),
        "Accept": "application/x-ndjson",
    }
    with file.open("rb") as body:
        connection.request("POST", f"{address.path.rstrip('/')}{told['DOOR']}?{query}", body, headers)
    response = connection.getresponse()
    return response.status, answers(response)


def answers(response: HTTPResponse) -> Iterator[dict[str, Any]]:
    """Each line as an object."""
    for line in response:
        found: dict[str, Any] = json.loads(line)
        yield found


def main(arguments: list[str]) -> int:
    """Post, print, and say how it ended."""
    names = [one for one in arguments if one != "--dry-run"]
    if len(names) != 1:
        sys.exit("usage: python client.py FILE [--dry-run]")
    try:
        told = settings(Path(__file__).parent)
        status, found = post(Path(names[0]), told, dry_run="--dry-run" in arguments)
        for one in found:
            sys.stdout.write(json.dumps(one, ensure_ascii=False) + "\n")
    except KeyError as error:
        sys.exit(f"the setting {error.args[0]} is missing: copy .env.example to .env and fill it in")
    except (OSError, HTTPException, ValueError) as error:
        sys.stderr.write(f"no answer ({type(error).__name__}): run this again later; sending twice harms nothing\n")
        return AWAY
    return ENDS.get(status, REFUSED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
