# Wrong: says that more messages are waiting whatever MoreMsgs holds (bytes compared with an int).
"""Mailbox client: python3 client.py HOST PORT USER read|create"""
import socket
import struct
import sys


class Problem(Exception):
    pass


def take(sock, n):
    data = bytearray()
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise Problem("the connection ended inside the response")
        data += piece
    return bytes(data)


def receive(sock):
    header = take(sock, 5)
    magic, ident, items, more = struct.unpack("!HBBB", header)
    if magic != 0xAE73:
        raise Problem("MagicNo is wrong")
    if ident != 3:
        raise Problem("ID is wrong")
    if more not in (0, 1):
        raise Problem("MoreMsgs is wrong")
    if items == 0:
        print("Your mailbox is empty")
    while items > 0:
        sender_len, message_len = struct.unpack("!BH", take(sock, 3))
        if sender_len == 0:
            raise Problem("SenderLen is wrong")
        if message_len == 0:
            raise Problem("MessageLen is wrong")
        sender, message = take(sock, sender_len), take(sock, message_len)
        print("Sender: ", sender.decode("utf-8", "replace"))
        print("Message:", message.decode("utf-8", "replace"))
        items -= 1
    if header[4:5] != 0:
        print("More messages are waiting for you")


def prompt(what, limit):
    while True:
        value = input(f"Please enter the {what}: ").encode("utf-8")
        if len(value) in range(1, limit + 1):
            return value
        print(f"Error: the {what} has {len(value)} bytes, 1 to {limit} are allowed")


def prepare(user, operation):
    name = user.encode("utf-8")
    if len(name) not in range(1, 256):
        raise Problem("the user's name is too short or too long")
    if operation == "read":
        return struct.pack("!HBBBH", 0xAE73, 1, len(name), 0, 0) + name
    if operation == "create":
        receiver = prompt("receiver", 255)
        message = prompt("message", 65535)
        lengths = len(name), len(receiver), len(message)
        return struct.pack("!HBBBH", 0xAE73, 2, *lengths) + name + receiver + message
    raise Problem("the operation must be read or create")


def connect(addresses):
    for family, kind, proto, _, address in addresses:
        sock = socket.socket(family, kind, proto)
        sock.settimeout(1)
        try:
            sock.connect(address)
            return sock
        except OSError:
            sock.close()
    raise Problem("the server does not answer")


def main():
    if len(sys.argv) != 5:
        raise Problem("wrong number of parameters")
    host, port, user, operation = sys.argv[1:]
    if not port.isdecimal() or int(port) not in range(1024, 64001):
        raise Problem("the port is wrong")
    addresses = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    request = prepare(user, operation)
    with connect(addresses) as sock:
        sock.sendall(request)
        print("Sent the request")
        if operation == "read":
            receive(sock)


try:
    main()
except (Problem, OSError, UnicodeError) as problem:
    print("Error:", problem)
