"""The CDK app: it reads the context and builds the stacks."""

from aws_cdk import App

from infrastructure.stacks import build

app = App()
build(app)
app.synth()
