"""The emulator on this machine: its process, the runtime of its functions, and deployments to it."""
