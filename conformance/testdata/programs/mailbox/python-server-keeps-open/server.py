# Wrong: after a response the connection is kept and never closed.
"""Mailbox server: python3 server.py PORT"""
import socket
import struct
import sys

mailboxes = {}
readers = []


def read_exact(conn, n):
    data = b""
    while len(data) < n:
        part = conn.recv(n - len(data))
        if not part:
            raise ValueError("not enough bytes")
        data += part
    return data


def read_request(conn):
    magic, ident, n, r, m = struct.unpack("!HBBBH", read_exact(conn, 7))
    if magic != 0xAE73:
        raise ValueError("unknown magic number")
    if ident not in (1, 2):
        raise ValueError("unknown ID")
    if n == 0:
        raise ValueError("empty name")
    if ident == 1 and (r, m) != (0, 0):
        raise ValueError("read must have no receiver and no message")
    if ident == 2 and (r == 0 or m == 0):
        raise ValueError("create must have a receiver and a message")
    body = read_exact(conn, n + r + m)
    return ident, body[:n], body[n:n + r], body[n + r:]


def create(conn, sender, receiver, message):
    mailboxes.setdefault(receiver, []).append((sender, message))
    conn.close()
    print("From", sender.decode("utf-8", "replace"), "to", receiver.decode("utf-8", "replace"))


def read(conn, user):
    box = mailboxes.pop(user, [])
    if len(box) > 255:
        mailboxes[user] = box[255:]
    conn.sendall(struct.pack("!HBBB", 0xAE73, 3, len(box[:255]), 1 if len(box) > 255 else 0))
    for sender, message in box[:255]:
        conn.sendall(struct.pack("!BH", len(sender), len(message)) + sender + message)
    readers.append((user, conn))
    print("Sent", len(box[:255]), "messages to", user.decode("utf-8", "replace"))


def serve(conn):
    conn.settimeout(1)
    try:
        ident, name, receiver, message = read_request(conn)
        if ident == 1:
            read(conn, name)
        else:
            create(conn, name, receiver, message)
    except (ValueError, OSError) as e:
        print("Error:", e)
        conn.close()


if len(sys.argv) != 2:
    sys.exit("Error: server.py takes one parameter")
try:
    port = int(sys.argv[1])
except ValueError:
    sys.exit("Error: port is not a number")
if port < 1024 or port > 64000:
    sys.exit("Error: port is out of range")
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    listener.bind(("0.0.0.0", port))
    listener.listen(5)
except OSError as e:
    listener.close()
    sys.exit("Error: " + str(e))
while True:
    connection, address = listener.accept()
    print("Client:", address[0], address[1])
    serve(connection)
