"""File sharing client: a console for the file sharing service.

Usage: python3 client.py
"""

import os
import socket

import wire

DISCOVERY_PORT = 30000
FOLDER = "client"
SCAN_TIME = 1.5


class Client:
    """What the user can do."""

    def __init__(self):
        self.conn = None
        self.stream = None

    def scan(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.settimeout(SCAN_TIME)
        sock.sendto(b"SERVICE DISCOVERY", ("255.255.255.255", DISCOVERY_PORT))
        found = []
        try:
            while True:
                name, address = sock.recvfrom(2048)
                found.append((name.decode("utf-8"), address[0]))
        except socket.timeout:
            pass
        sock.close()
        for name, address in found:
            print(f"{address}: {name}")
        if not found:
            print("No service found.")

    def connect(self, host, port):
        self.bye()
        self.conn = socket.create_connection((host, int(port)))
        self.stream = self.conn.makefile("rwb")

    def llist(self):
        print(*sorted(os.listdir(FOLDER)), sep="\n")

    def rlist(self):
        print(*self.ask(do="list")["names"], sep="\n")

    def put(self, name):
        with open(os.path.join(FOLDER, name), "rb") as source:
            data = source.read()
        self.ask(do="put", name=name, data=data)

    def get(self, name):
        data = self.ask(do="get", name=name)["data"]
        with open(os.path.join(FOLDER, name), "wb") as target:
            target.write(data)

    def bye(self):
        if self.conn is not None:
            wire.send(self.stream, do="bye")
            self.stream.close()
            self.conn.close()
            self.conn = None

    def ask(self, **message):
        if self.conn is None:
            raise ValueError("connect first")
        wire.send(self.stream, **message)
        answer = wire.receive(self.stream)
        if answer is None:
            raise ValueError("the server has left")
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer


def main():
    os.makedirs(FOLDER, exist_ok=True)
    client = Client()
    while True:
        try:
            words = input("> ").split()
        except EOFError:
            break
        try:
            if words and words[0] in ("scan", "connect", "llist", "rlist", "put", "get", "bye"):
                getattr(client, words[0])(*words[1:])
            elif words:
                print("invalid command")
        except (OSError, TypeError, ValueError) as error:
            print("error:", error)


if __name__ == "__main__":
    main()
