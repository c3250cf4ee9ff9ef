# Wrong: the socket has no timeout, so a server that falls silent holds the client for ever.
"""Mailbox client: python3 client.py HOST PORT USER read|create"""
import socket
import struct
import sys


def read_bytes(sock, n):
    data = bytearray()
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise ValueError("the response is cut off")
        data += piece
    return data


def read_messages(sock):
    magic, ident, number, more = struct.unpack("!HBBB", read_bytes(sock, 5))
    if magic != 0xAE73:
        raise ValueError("the response has another magic number")
    if ident != 3:
        raise ValueError("the response has another ID")
    if more not in (0, 1):
        raise ValueError("the response has a strange MoreMsgs")
    if number == 0:
        print("There is no message.")
    for _ in range(number):
        a, b = struct.unpack("!BH", read_bytes(sock, 3))
        if a == 0 or b == 0:
            raise ValueError("the response has a message of no length")
        print("Sent by", read_bytes(sock, a).decode("utf-8", "replace"))
        print("   ", read_bytes(sock, b).decode("utf-8", "replace"))
    if more == 1:
        print("There are more messages.")


def ask(prompt, limit):
    while True:
        answer = input(prompt).encode("utf-8")
        if 1 <= len(answer) <= limit:
            return answer
        print("Error: wrong length")


def connect(infos):
    for family, kind, proto, _, address in infos:
        sock = socket.socket(family, kind, proto)
        try:
            sock.connect(address)
            return sock
        except OSError as e:
            sock.close()
            problem = e
    raise ValueError(f"no connection, {problem}")


def parameters():
    if len(sys.argv) != 5:
        raise ValueError("give HOST PORT USER read|create")
    host, port, user, operation = sys.argv[1:]
    if not port.isdecimal() or int(port) < 1024 or int(port) > 64000:
        raise ValueError("the port is not allowed")
    if not 1 <= len(user.encode("utf-8")) <= 255:
        raise ValueError("the user is not allowed")
    if operation not in ("read", "create"):
        raise ValueError("the operation is not allowed")
    return socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM), user.encode("utf-8"), operation


def main():
    infos, user, operation = parameters()
    receiver, message = b"", b""
    if operation == "create":
        receiver, message = ask("receiver> ", 255), ask("message> ", 65535)
    ident = 1 if operation == "read" else 2
    header = struct.pack("!HBBBH", 0xAE73, ident, len(user), len(receiver), len(message))
    sock = connect(infos)
    try:
        sock.sendall(header + user + receiver + message)
        print("Request sent.")
        if operation == "read":
            read_messages(sock)
    finally:
        sock.close()


try:
    main()
except (ValueError, OSError) as error:
    print("Error:", error)
