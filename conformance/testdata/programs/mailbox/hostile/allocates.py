"""A mailbox server that allocates memory without end once its first client connects. Run it only under a limit."""
import socket
import sys

mail = {}


def read_exactly(conn, n):
    data = b""
    while len(data) < n:
        piece = conn.recv(n - len(data))
        if not piece:
            raise ValueError("early end")
        data += piece
    return data


def serve(conn):
    header = read_exactly(conn, 7)
    kind, n, r, m = header[2], header[3], header[4], int.from_bytes(header[5:], "big")
    if header[:2] != b"\xae\x73" or kind not in (1, 2) or n == 0:
        raise ValueError("bad header")
    if (r > 0) != (kind == 2) or (m > 0) != (kind == 2):
        raise ValueError("bad lengths")
    name, receiver, message = read_exactly(conn, n), read_exactly(conn, r), read_exactly(conn, m)
    if kind == 2:
        mail.setdefault(receiver, []).append((name, message))
        print("create", name.decode(errors="replace"), receiver.decode(errors="replace"))
        return
    box = mail.pop(name, [])
    if box[255:]:
        mail[name] = box[255:]
    answer = bytearray([0xAE, 0x73, 3, len(box[:255]), len(box) > 255])
    for sender, text in box[:255]:
        answer += bytes([len(sender)]) + len(text).to_bytes(2, "big") + sender + text
    conn.sendall(answer)
    print("read", len(box[:255]), "messages")


def handle(conn, address):
    print("client", address[0], address[1])
    conn.settimeout(1)
    try:
        serve(conn)
    except (ValueError, OSError) as error:
        print("error:", error)
    conn.close()


def listen():
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal() or not 1024 <= int(sys.argv[1]) <= 64000:
        sys.exit("error: one port from 1024 to 64000, please")
    sock = socket.socket()
    try:
        sock.bind(("0.0.0.0", int(sys.argv[1])))
        sock.listen()
    except OSError as error:
        sys.exit("error: %s" % error)
    return sock


def main():
    sock = listen()
    conn, address = sock.accept()
    handle(conn, address)
    history = []
    while True:
        history.append(b"x" * (1 << 24))


main()
