"""File sharing server in one thread: sockets that do not block, and a selector.

It binds TCP before UDP, answers discovery from a socket of its own, reads odd
amounts, logs on stderr, collects uploads outside of the shared folder, answers
a missing file with an empty one, and ignores commands that it does not know.
"""

import os
import selectors
import socket
import struct
import sys
import tempfile

SHARED = "server"
selector = selectors.DefaultSelector()


def log(*words):
    print("*", *words, file=sys.stderr, flush=True)


def files():
    return sorted((e.name for e in os.scandir(SHARED) if e.is_file()), reverse=True)


class Client:
    def __init__(self, sock, address):
        self.sock, self.address = sock, address
        self.inbox, self.outbox = bytearray(), []
        self.upload = None
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ, self.ready)
        log("client", *address)

    def ready(self, mask):
        try:
            if mask & selectors.EVENT_WRITE:
                self.flush()
            if mask & selectors.EVENT_READ:
                data = self.sock.recv(7001)
                if not data:
                    return self.close("has left")
                self.inbox += data
            while self.step():
                pass
            self.watch()
        except OSError as error:
            self.close(f"is lost: {error}")
        except ValueError as error:
            self.close(f"is wrong: {error}")

    def step(self):
        """Do one thing if enough has come for it."""
        if self.upload is not None:
            return self.take()
        box = self.inbox
        if not box or self.outbox:
            return False
        command = box[0]
        if command == 3:
            del box[:1]
            data = "".join(name + "\n" for name in files()).encode("utf-8", "surrogateescape")
            self.send(struct.pack(">Q", len(data)) + data)
            return True
        if command == 4:
            self.close("says goodbye")
            return False
        if command not in (1, 2):
            del box[:1]
            return True
        if len(box) < 2 or len(box) < 2 + box[1]:
            return False
        end = 2 + box[1]
        name = bytes(box[2:end])
        if command == 1:
            del box[:end]
            self.give(name)
            return True
        if len(box) < end + 8:
            return False
        path = self.path(name)
        if path is None:
            raise ValueError("a name that cannot be stored")
        self.left = struct.unpack(">Q", box[end:end + 8])[0]
        self.upload = tempfile.TemporaryFile(), path
        del box[:end + 8]
        return True

    def take(self):
        file, path = self.upload
        part = self.inbox[:self.left]
        file.write(part)
        self.left -= len(part)
        del self.inbox[:len(part)]
        if self.left:
            return False
        file.seek(0)
        with open(path, "wb") as target:
            while data := file.read(100000):
                target.write(data)
        file.close()
        self.upload = None
        log("stored", path)
        return True

    def path(self, raw):
        if not raw or b"/" in raw or b"\0" in raw or raw in (b".", b".."):
            return None
        return os.path.join(SHARED.encode(), raw)

    def give(self, raw):
        path = self.path(raw)
        data = b""
        if path is not None and os.path.isfile(path):
            with open(path, "rb") as source:
                data = source.read()
        self.send(struct.pack(">Q", len(data)))
        self.send(data)

    def send(self, data):
        self.outbox.append(memoryview(data))
        self.flush()

    def flush(self):
        while self.outbox:
            try:
                sent = self.sock.send(self.outbox[0][:33333])
            except BlockingIOError:
                return
            self.outbox[0] = self.outbox[0][sent:]
            if not self.outbox[0]:
                self.outbox.pop(0)

    def watch(self):
        if self.sock.fileno() >= 0:
            events = selectors.EVENT_READ if not self.outbox else selectors.EVENT_WRITE
            selector.modify(self.sock, events, self.ready)

    def close(self, why):
        if self.sock.fileno() < 0:
            return
        selector.unregister(self.sock)
        self.sock.close()
        if self.upload is not None:
            self.upload[0].close()
        log("client", *self.address, why, "- closed")


def main():
    listener = socket.create_server(("0.0.0.0", 30001), backlog=3)
    discovery = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    discovery.bind(("0.0.0.0", 30000))
    answers = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def question(_):
        data, address = discovery.recvfrom(100000)
        if data == b"SERVICE DISCOVERY":
            answers.sendto("Zoë’s files".encode(), address)

    selector.register(listener, selectors.EVENT_READ, lambda _: Client(*listener.accept()))
    selector.register(discovery, selectors.EVENT_READ, question)
    log("sharing", files())
    log("discovery on ('0.0.0.0', 30000), files on ('0.0.0.0', 30001)")
    while True:
        for key, mask in selector.select():
            key.data(mask)


try:
    main()
except KeyboardInterrupt:
    log("stopped")
