"""An invented region: partners who publish files of trainings, without any real person."""

from beffroi.simulator.play import write_region
from beffroi.simulator.trades import TRADE_TABLE

__all__ = ["TRADE_TABLE", "write_region"]
