# Wrong: waits for a response to a create request too, and calls its absence an error.
"""Mailbox client: python3 client.py HOST PORT USER read|create"""
import socket
import sys


def error(text):
    print("error:", text)
    sys.exit(1)


def prompt(text, limit):
    while True:
        data = input(text).encode()
        if data != b"" and len(data) <= limit:
            return data
        print("error: 1 to", limit, "bytes are possible, try again")


def recv_exact(sock, n):
    buf = b""
    while len(buf) < n:
        part = sock.recv(n - len(buf))
        if not part:
            raise ConnectionError("no more bytes from the server")
        buf += part
    return buf


def handle_response(sock):
    header = recv_exact(sock, 5)
    if header[0:3] != b"\xae\x73\x03" or header[4] > 1:
        raise ConnectionError("wrong header from the server")
    if header[3] == 0:
        print("you have no messages")
    for _ in range(header[3]):
        first = recv_exact(sock, 3)
        n, m = first[0], int.from_bytes(first[1:], "big")
        if n == 0 or m == 0:
            raise ConnectionError("wrong message header from the server")
        sender, message = recv_exact(sock, n), recv_exact(sock, m)
        print(f"<{sender.decode(errors='replace')}> {message.decode(errors='replace')}")
    if header[4]:
        print("you have more messages, read again")


def connect(infos):
    for family, kind, proto, _, address in infos:
        sock = socket.socket(family, kind, proto)
        sock.settimeout(1)
        try:
            sock.connect(address)
        except OSError as e:
            print("no answer from", address[0], e)
            sock.close()
        else:
            return sock
    error("could not connect")


def main():
    if len(sys.argv) != 5:
        error("expected HOST PORT USER read|create")
    try:
        port = int(sys.argv[2])
        infos = socket.getaddrinfo(sys.argv[1], port, type=socket.SOCK_STREAM)
    except (ValueError, OverflowError):
        error("not a valid port or host")
    except OSError:
        error("unknown host")
    user = sys.argv[3].encode()
    kind = sys.argv[4]
    if port < 1024 or port > 64000:
        error("port must be 1024 to 64000")
    if len(user) == 0 or len(user) > 255:
        error("user must have 1 to 255 bytes")
    if kind not in ("read", "create"):
        error("expected read or create")
    receiver = message = b""
    if kind == "create":
        receiver = prompt("receiver: ", 255)
        message = prompt("message: ", 65535)
    request = bytearray(b"\xae\x73")
    request.append(1 if kind == "read" else 2)
    request.append(len(user))
    request.append(len(receiver))
    request += len(message).to_bytes(2, "big") + user + receiver + message
    sock = connect(infos)
    try:
        sock.sendall(request)
        print("request sent")
        handle_response(sock)
    except OSError as e:
        print("error:", e)
    sock.close()


main()
