"""The web site of the emulated SCC, a Django application. Its modules need `scckit_emulator.configuration` first."""
