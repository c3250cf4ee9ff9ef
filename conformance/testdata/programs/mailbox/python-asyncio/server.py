"""Mailbox server with asyncio: clients are served side by side.

Usage: python3 server.py PORT
"""

import asyncio
import sys
from collections import defaultdict, deque

GAP = 1.0
PIECE = 65536


class BadRequest(Exception):
    """The client sent something that is not a valid request."""


class MailServer:
    def __init__(self):
        self.queues = defaultdict(deque)

    async def read(self, reader, count):
        """Read count bytes; each wait for more lasts at most one second."""
        data = b""
        while len(data) < count:
            part = await asyncio.wait_for(reader.read(count - len(data)), GAP)
            if not part:
                raise BadRequest("the request is incomplete")
            data += part
        return data

    async def read_request(self, reader):
        header = await self.read(reader, 7)
        kind, name_len, receiver_len = header[2:5]
        message_len = int.from_bytes(header[5:], "big")
        if header[:2] != b"\xae\x73":
            raise BadRequest("the magic number is wrong")
        if kind == 1:
            if receiver_len or message_len:
                raise BadRequest("a read request carries a receiver or a message")
        elif kind == 2:
            if not receiver_len or not message_len:
                raise BadRequest("a create request lacks its receiver or message")
        else:
            raise BadRequest(f"there is no request with ID {kind}")
        if not name_len:
            raise BadRequest("the name is missing")
        name = await self.read(reader, name_len)
        receiver = await self.read(reader, receiver_len)
        message = await self.read(reader, message_len)
        return kind, name, receiver, message

    def next_response(self, name):
        """Take up to 255 messages from the user's queue."""
        queue = self.queues.pop(name, deque())
        count = min(len(queue), 255)
        parts = []
        for _ in range(count):
            sender, message = queue.popleft()
            parts.append(bytes([len(sender)]) + len(message).to_bytes(2, "big") + sender + message)
        items = b"".join(parts)
        if queue:
            self.queues[name] = queue
        return count, b"\xae\x73\x03" + bytes([count, 1 if queue else 0]) + items

    async def write(self, writer, response):
        """Write piece by piece; a piece must leave within one second."""
        writer.transport.set_write_buffer_limits(high=0)
        for start in range(0, len(response), PIECE):
            writer.write(response[start:start + PIECE])
            await asyncio.wait_for(writer.drain(), GAP)

    async def serve(self, reader, writer):
        kind, name, receiver, message = await self.read_request(reader)
        user = name.decode(errors="replace")
        if kind == 2:
            self.queues[receiver].append((name, message))
            print(f"{user} left a message for {receiver.decode(errors='replace')}")
            return
        count, response = self.next_response(name)
        await self.write(writer, response)
        print(f"{count} messages sent to {user}")

    async def handle(self, reader, writer):
        peer = writer.get_extra_info("peername") or ("unknown", 0)
        print(f"New client: address {peer[0]}, port {peer[1]}")
        try:
            await self.serve(reader, writer)
        except BadRequest as error:
            print(f"Error: {error}")
        except asyncio.TimeoutError:
            print("Error: the client does not answer any more")
            writer.transport.abort()
        except OSError as error:
            print(f"Error: {error}")
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass


async def run(port):
    try:
        server = await asyncio.start_server(MailServer().handle, "0.0.0.0", port)
    except OSError as error:
        print(f"Error: port {port} cannot be used: {error}")
        return
    async with server:
        await server.serve_forever()


def main():
    if len(sys.argv) != 2:
        print("Error: give the port and nothing else")
        return
    try:
        port = int(sys.argv[1])
    except ValueError:
        print("Error: that port is no number")
        return
    if port not in range(1024, 64001):
        print("Error: that port is not between 1024 and 64000")
        return
    try:
        asyncio.run(run(port))
    except KeyboardInterrupt:
        print("Good bye")


if __name__ == "__main__":
    main()
