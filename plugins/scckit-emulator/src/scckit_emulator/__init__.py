"""A stand-in for the Single Calculus Chain (SCC): real Grappelli and Tastypie pages, synthetic data, loopback only."""

from __future__ import annotations

from scckit_emulator.account import Account
from scckit_emulator.behaviour import Behaviour
from scckit_emulator.clock import Clock
from scckit_emulator.emulator import Emulator
from scckit_emulator.faults import Fault, Faults

__all__ = ["Account", "Behaviour", "Clock", "Emulator", "Fault", "Faults"]
