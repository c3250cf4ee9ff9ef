# Wrong: the loop stops when the client closes, and nobody checks whether the body is complete.
"""Mailbox server: python3 server.py PORT"""
import socket
import sys

stored = {}


def read_up_to(conn, n):
    """Read until n bytes are there or the connection ends."""
    data = b""
    while len(data) < n:
        piece = conn.recv(n - len(data))
        if not piece:
            break
        data += piece
    return data


def header_is_good(header):
    if len(header) != 7 or header[0:2] != bytes([0xAE, 0x73]):
        return False
    if header[3] == 0:
        return False
    lengths = header[4], int.from_bytes(header[5:7], "big")
    if header[2] == 1:
        return lengths == (0, 0)
    return header[2] == 2 and min(lengths) > 0


def handle(conn):
    header = read_up_to(conn, 7)
    if not header_is_good(header):
        print("ERROR: the header is not valid")
        return
    n, r, m = header[3], header[4], int.from_bytes(header[5:7], "big")
    body = read_up_to(conn, n + r + m)
    name, receiver, message = body[:n], body[n:n + r], body[n + r:]
    if header[2] == 1:
        messages = stored.get(name, [])
        conn.sendall(response(messages[:255], len(messages) > 255))
        stored[name] = messages[255:]
        print("SENT", len(messages[:255]), "messages to", name.decode("utf-8", "replace"))
    else:
        stored.setdefault(receiver, []).append((name, message))
        print("STORED from", name.decode("utf-8", "replace"), "to", receiver.decode("utf-8", "replace"))


def response(messages, more):
    result = bytearray([0xAE, 0x73, 3, len(messages), more])
    for sender, message in messages:
        result.append(len(sender))
        result += len(message).to_bytes(2, "big")
        result += sender
        result += message
    return result


if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
    sys.exit("ERROR: please give one port number")
port = int(sys.argv[1])
if port < 1024 or port > 64000:
    sys.exit("ERROR: please give a port number from 1024 to 64000")
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    sock.bind(("0.0.0.0", port))
    sock.listen(5)
except OSError as e:
    sock.close()
    sys.exit("ERROR: " + str(e))
while True:
    conn, addr = sock.accept()
    print("ACCEPTED", addr[0], addr[1])
    conn.settimeout(1)
    try:
        handle(conn)
    except OSError as e:
        print("ERROR:", e)
    conn.close()
