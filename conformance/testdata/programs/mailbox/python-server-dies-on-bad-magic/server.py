# Wrong: a wrong magic number ends the whole server instead of the connection.
"""Mailbox server: python3 server.py PORT"""
import socket
import sys

users = dict()


def read_bytes(sock, n):
    chunks = []
    while n > 0:
        chunk = sock.recv(n)
        if not chunk:
            raise ConnectionError("connection closed in the middle of a request")
        chunks.append(chunk)
        n -= len(chunk)
    return b"".join(chunks)


def read_request(sock):
    header = read_bytes(sock, 7)
    if (header[0] << 8 | header[1]) != 0xAE73:
        print("Error: that is not a MessageRequest")
        sys.exit(1)
    ident, name_len, receiver_len = header[2], header[3], header[4]
    message_len = header[5] << 8 | header[6]
    if ident < 1 or ident > 2 or name_len < 1:
        print("Error: bad ID or name length")
        return None
    if ident == 1 and (receiver_len > 0 or message_len > 0):
        print("Error: lengths must be 0 in a read")
        return None
    if ident == 2 and (receiver_len < 1 or message_len < 1):
        print("Error: lengths must be at least 1 in a create")
        return None
    name = read_bytes(sock, name_len)
    receiver = read_bytes(sock, receiver_len)
    message = read_bytes(sock, message_len)
    return ident, name, receiver, message


def reply(sock, name):
    todo = users.get(name, [])
    count = min(255, len(todo))
    out = bytearray([0xAE, 0x73, 3, count, len(todo) > 255])
    for sender, message in todo[:count]:
        out += bytes([len(sender), len(message) // 256, len(message) % 256]) + sender + message
    sock.sendall(out)
    users[name] = todo[count:]
    print("Sent", count, "messages to", str(name, "utf-8", "replace"))


def client(sock):
    request = read_request(sock)
    if request is None:
        return
    ident, name, receiver, message = request
    if ident == 1:
        reply(sock, name)
    else:
        users[receiver] = users.get(receiver, []) + [(name, message)]
        print("Kept a message of", str(name, "utf-8", "replace"), "for", str(receiver, "utf-8", "replace"))


if len(sys.argv) != 2:
    print("Error: wrong number of parameters")
    sys.exit(1)
if not sys.argv[1].isdecimal() or not 1024 <= int(sys.argv[1]) <= 64000:
    print("Error: bad port number")
    sys.exit(1)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    listener.bind(("0.0.0.0", int(sys.argv[1])))
    listener.listen(5)
except OSError as err:
    print("Error: cannot use this port:", err)
    listener.close()
    sys.exit(1)
while True:
    conn, addr = listener.accept()
    print("Connection from IP", addr[0], "port", addr[1])
    conn.settimeout(1)
    try:
        client(conn)
    except OSError as err:
        print("Error:", err)
    finally:
        conn.close()
