"""Everything on one machine: the embedded broker and one child process for each role."""

from beffroi.stack.children import Child
from beffroi.stack.steps import Steps
from beffroi.stack.supervisor import Stack, stop_running

__all__ = ["Child", "Stack", "Steps", "stop_running"]
