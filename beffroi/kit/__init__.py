"""The kit for partners: check a file without a bus, a folder to start from, and a certificate."""

from beffroi.kit.check import Checked, check, form_named, known
from beffroi.kit.folder import make_folder
from beffroi.kit.sheet import Matter
from beffroi.kit.taking import Gateway, Taken, certificate, certify, matter_of

__all__ = [
    "Checked",
    "Gateway",
    "Matter",
    "Taken",
    "certificate",
    "certify",
    "check",
    "form_named",
    "known",
    "make_folder",
    "matter_of",
]
