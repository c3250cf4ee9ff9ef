# Wrong: the whole response must arrive within one second, instead of without a gap of one second.
"""Mailbox client: python3 client.py HOST PORT USER read|create"""
import socket
import struct
import sys
import time


class Failure(Exception):
    pass


class Client:
    def __init__(self, host, port, user):
        self.user = user
        try:
            self.places = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Failure("host not found")

    def connect(self):
        for family, kind, proto, _, place in self.places:
            self.sock = socket.socket(family, kind, proto)
            self.sock.settimeout(1)
            try:
                self.sock.connect(place)
                return
            except OSError as e:
                self.sock.close()
                problem = e
        raise Failure(f"connect: {problem}")

    def request(self, ident, receiver=b"", message=b""):
        header = struct.pack("!HBBBH", 0xAE73, ident, len(self.user), len(receiver), len(message))
        self.connect()
        self.sock.sendall(header + self.user + receiver + message)
        print("The request has been sent.")

    def receive(self, n):
        data = bytearray()
        while len(data) < n:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise Failure("the response took too long")
            self.sock.settimeout(left)
            piece = self.sock.recv(n - len(data))
            if not piece:
                raise Failure("the response is incomplete")
            data += piece
        return bytes(data)

    def read(self):
        self.request(1)
        self.deadline = time.monotonic() + 1
        magic, ident, count, more = struct.unpack("!HBBB", self.receive(5))
        if magic != 0xAE73 or ident != 3 or more not in (0, 1):
            raise Failure("the response is not valid")
        for _ in range(count):
            sender_len, text_len = struct.unpack("!BH", self.receive(3))
            if sender_len < 1 or text_len < 1:
                raise Failure("a message is not valid")
            sender, text = self.receive(sender_len), self.receive(text_len)
            print(f"{sender.decode(errors='replace')}: {text.decode(errors='replace')}")
        if count == 0:
            print("You have no messages.")
        if more:
            print("You have more messages.")


def prompt(question, most):
    while True:
        answer = input(question).encode()
        if 1 <= len(answer) <= most:
            return answer
        print(f"Error: wanted 1 to {most} bytes")


def main(args):
    if len(args) != 4:
        raise Failure("wanted HOST PORT USER read|create")
    if not args[1].isdecimal() or not 1024 <= int(args[1]) <= 64000:
        raise Failure("wanted a port from 1024 to 64000")
    if not 1 <= len(args[2].encode()) <= 255:
        raise Failure("wanted a user of 1 to 255 bytes")
    client = Client(args[0], int(args[1]), args[2].encode())
    if args[3] == "read":
        client.read()
    elif args[3] == "create":
        receiver = prompt("Receiver? ", 255)
        client.request(2, receiver, prompt("Message? ", 65535))
    else:
        raise Failure("wanted read or create")
    client.sock.close()


try:
    main(sys.argv[1:])
except (Failure, OSError) as error:
    sys.exit(f"Error: {error}")
