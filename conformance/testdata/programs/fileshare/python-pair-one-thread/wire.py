"""How this team frames its commands: a line of JSON for each message.

A file travels in the same line as the rest, in base64.
"""

import base64
import json


def send(stream, **message):
    """Send one message. Data are bytes."""
    if "data" in message:
        message["data"] = base64.b64encode(message["data"]).decode("ascii")
    stream.write(json.dumps(message).encode("ascii") + b"\n")
    stream.flush()


def receive(stream):
    """Return the next message, or None when the other side has left."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    message = json.loads(line)
    if "data" in message:
        message["data"] = base64.b64decode(message["data"])
    return message
