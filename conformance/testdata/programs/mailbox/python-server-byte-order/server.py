# Wrong: MessageLen is read and written in the machine's byte order (struct format "<").
"""Mailbox server: python3 server.py PORT"""
import socket
import struct
import sys

inbox = {}


def recv_n(conn, n):
    data = b""
    while len(data) < n:
        block = conn.recv(n - len(data))
        if not block:
            raise ValueError("end of connection before end of request")
        data += block
    return data


def one_client(conn):
    header = recv_n(conn, 7)
    if header[:2] != b"\xae\x73":
        raise ValueError("bad magic")
    ident, nlen, rlen, mlen = struct.unpack("<BBBH", header[2:])
    if ident not in (1, 2):
        raise ValueError("bad ID")
    if nlen == 0:
        raise ValueError("bad NameLen")
    if ident == 1 and rlen + mlen > 0:
        raise ValueError("bad lengths in read")
    if ident == 2 and (rlen == 0 or mlen == 0):
        raise ValueError("bad lengths in create")
    name = recv_n(conn, nlen)
    if ident == 2:
        receiver, message = recv_n(conn, rlen), recv_n(conn, mlen)
        inbox.setdefault(receiver, []).append((name, message))
        print("create:", name.decode("utf-8", "replace"), "to", receiver.decode("utf-8", "replace"))
        return
    box = inbox.pop(name, [])
    if box[255:]:
        inbox[name] = box[255:]
    now = box[:255]
    response = b"\xae\x73" + struct.pack("<BBB", 3, len(now), bool(box[255:]))
    response += b"".join([struct.pack("<BH", len(s), len(m)) + s + m for s, m in now])
    conn.sendall(response)
    print("read:", len(now), "messages for", name.decode("utf-8", "replace"))


def start(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("", port))
        sock.listen()
    except OSError as problem:
        sys.exit("Error, cannot bind: " + str(problem))
    while True:
        conn, (ip, client_port) = sock.accept()
        print("from", ip, client_port)
        with conn:
            conn.settimeout(1)
            try:
                one_client(conn)
            except socket.timeout:
                print("Error: timed out")
            except (ValueError, OSError) as problem:
                print("Error:", problem)


try:
    (argument,) = sys.argv[1:]
    port_number = int(argument)
except ValueError:
    sys.exit("Error, usage: server.py PORT")
if port_number < 1024 or port_number > 64000:
    sys.exit("Error, port not in 1024..64000")
start(port_number)
