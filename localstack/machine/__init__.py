"""One machine as the cloud: the emulator's process, its functions' runtime, and deployments to it."""
