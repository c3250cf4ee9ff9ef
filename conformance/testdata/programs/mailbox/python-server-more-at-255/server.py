# Wrong: MoreMsgs is 1 when exactly 255 messages are stored (>= instead of >).
"""Mailbox server: python3 server.py PORT"""
import socket
import struct
import sys


class BadRequest(Exception):
    pass


def fetch(conn, n):
    data = b""
    while len(data) < n:
        piece = conn.recv(n - len(data))
        if not piece:
            raise BadRequest("request too short")
        data += piece
    return data


def fetch_request(conn):
    magic, ident, n, r, m = struct.unpack(">HBBBH", fetch(conn, 7))
    if magic != 0xAE73:
        raise BadRequest("wrong magic")
    if n == 0:
        raise BadRequest("NameLen is 0")
    if ident == 1:
        if r or m:
            raise BadRequest("ReceiverLen and MessageLen must be 0")
    elif ident == 2:
        if not r or not m:
            raise BadRequest("ReceiverLen and MessageLen must not be 0")
    else:
        raise BadRequest("wrong ID")
    return ident, fetch(conn, n), fetch(conn, r), fetch(conn, m)


def response_for(messages):
    first = messages[:255]
    more = 1 if len(messages) >= 255 else 0
    response = struct.pack(">HBBB", 0xAE73, 3, len(first), more)
    return response + b"".join(struct.pack(">BH", len(s), len(t)) + s + t for s, t in first)


def handle(conn, messages):
    ident, name, receiver, text = fetch_request(conn)
    shown = name.decode("utf-8", "replace")
    if ident == 2:
        messages.setdefault(receiver, []).append((name, text))
        print("message from %s to %s" % (shown, receiver.decode("utf-8", "replace")))
        return
    mine = messages.get(name, [])
    conn.sendall(response_for(mine))
    messages[name] = mine[255:]
    print("%d messages sent to %s" % (len(mine[:255]), shown))


def main():
    if len(sys.argv) != 2:
        sys.exit("Error: exactly one argument is needed")
    try:
        port = int(sys.argv[1])
        if port < 1024 or port > 64000:
            sys.exit("Error: port out of range")
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("0.0.0.0", port))
        sock.listen(5)
    except ValueError:
        sys.exit("Error: port is not a number")
    except OSError as e:
        sys.exit("Error: %s" % e)
    messages = {}
    while True:
        conn, addr = sock.accept()
        print("connection from %s, port %d" % addr)
        conn.settimeout(1)
        try:
            handle(conn, messages)
        except (BadRequest, OSError) as e:
            print("Error: %s" % e)
        conn.close()


main()
