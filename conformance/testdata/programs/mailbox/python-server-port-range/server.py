# Wrong: port 64000 is refused (range() leaves out its end).
"""Mailbox server: python3 server.py PORT"""
import socket
import sys

users = {}


def get(conn, n):
    data = bytearray()
    while len(data) < n:
        piece = conn.recv(n - len(data))
        if not piece:
            raise ValueError("early end")
        data += piece
    return bytes(data)


def handle(conn):
    header = get(conn, 7)
    ident, a, b, c = header[2], header[3], header[4], header[5] << 8 | header[6]
    if header[:2] != b"\xae\x73":
        raise ValueError("magic")
    if ident not in range(1, 3) or a == 0:
        raise ValueError("ID or NameLen")
    if (ident == 2) != (b > 0) or (ident == 2) != (c > 0):
        raise ValueError("ReceiverLen or MessageLen")
    name, receiver, message = get(conn, a), get(conn, b), get(conn, c)
    if ident == 2:
        users.setdefault(receiver, []).append((name, message))
        print("from", name.decode("utf-8", "replace"), "for", receiver.decode("utf-8", "replace"))
        return
    waiting = users.get(name, [])
    out = bytearray(b"\xae\x73\x03")
    out += bytes([len(waiting[:255]), len(waiting) > 255])
    for sender, text in waiting[:255]:
        out += bytes([len(sender), len(text) >> 8, len(text) & 255]) + sender + text
    conn.sendall(out)
    users[name] = waiting[255:]
    print("number of messages sent:", len(waiting[:255]))


def main():
    if len(sys.argv) != 2:
        print("error: one parameter needed")
        return
    try:
        port = int(sys.argv[1])
    except ValueError:
        print("error: number needed")
        return
    if port not in range(1024, 64000):
        print("error: port not in range")
        return
    try:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", port))
        listener.listen()
    except OSError as e:
        print("error: socket:", e)
        return
    while True:
        conn, (ip, number) = listener.accept()
        print("client is", ip, "at port", number)
        conn.settimeout(1)
        try:
            handle(conn)
        except (OSError, ValueError) as e:
            print("error:", e)
        conn.close()


main()
