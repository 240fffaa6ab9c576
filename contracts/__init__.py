"""The declarations that services make at their handlers, gathered in the committed `manifest.json`.

`make contracts` writes the manifest. Infrastructure, the simulator's wiring and the READMEs' tables read it.
"""
