"""The kit for partners: check a file without a bus, and a folder to start from."""

from beffroi.kit.check import Checked, check, form_named, known
from beffroi.kit.folder import make_folder

__all__ = ["Checked", "check", "form_named", "known", "make_folder"]
