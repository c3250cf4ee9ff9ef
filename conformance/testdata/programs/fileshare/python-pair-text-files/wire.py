"""How this team frames its commands: a line of JSON for each message, with all
of a file in it.
"""

import json


def send(stream, **message):
    """Send one message."""
    stream.write(json.dumps(message).encode("ascii") + b"\n")
    stream.flush()


def receive(stream):
    """Return the next message, or None when the other side has left."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    return json.loads(line)
