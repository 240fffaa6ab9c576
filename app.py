"""Reads the context, builds the stacks, nothing else."""

from aws_cdk import App

from infrastructure.stacks import build

app = App()
build(app)
app.synth()
