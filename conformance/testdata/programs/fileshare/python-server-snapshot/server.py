# Wrong: the list is made once, at the start.
"""File sharing server: python3 server.py"""
import os
import socket
import struct
import threading

SDP, FSP = 30000, 30001
SHARED = "server"
NAME = "Ada's File Sharing Service"
GET, PUT, LIST, BYE = 1, 2, 3, 4
NAMES = []


def recv_all(conn, count):
    data = bytearray()
    while len(data) < count:
        more = conn.recv(min(65536, count - len(data)))
        if not more:
            raise EOFError("the client went away")
        data += more
    return bytes(data)


def recv_name(conn):
    name = recv_all(conn, recv_all(conn, 1)[0]).decode("utf-8", "replace")
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError("not a file name")
    return name


def send_list(conn):
    data = "\n".join(NAMES).encode("utf-8", "surrogateescape")
    conn.sendall(struct.pack(">Q", len(data)) + data)


def send_file(conn, name):
    with open(os.path.join(SHARED, name), "rb") as f:
        data = f.read()
    conn.sendall(struct.pack(">Q", len(data)) + data)


def store_file(conn, name):
    size = struct.unpack(">Q", recv_all(conn, 8))[0]
    data = recv_all(conn, size)
    with open(os.path.join(SHARED, name), "wb") as f:
        f.write(data)


def talk(conn):
    while True:
        command = conn.recv(1)
        if not command or command[0] == BYE:
            return
        if command[0] == LIST:
            send_list(conn)
        elif command[0] == GET:
            send_file(conn, recv_name(conn))
        elif command[0] == PUT:
            store_file(conn, recv_name(conn))
        else:
            raise ValueError("unknown command")


def client(conn, address):
    print(f"connection received from {address[0]} port {address[1]}", flush=True)
    try:
        talk(conn)
    except (OSError, EOFError, ValueError) as error:
        print(f"{address[0]} port {address[1]}: {error}", flush=True)
    conn.close()
    print(f"connection from {address[0]} port {address[1]} closed", flush=True)


def discovery(sock):
    while True:
        data, address = sock.recvfrom(2048)
        if data == b"SERVICE DISCOVERY":
            sock.sendto(NAME.encode(), address)


def main():
    os.makedirs(SHARED, exist_ok=True)
    NAMES.extend(os.listdir(SHARED))
    print("shared files:", *os.listdir(SHARED), sep="\n  ", flush=True)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("", SDP))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", FSP))
    listener.listen(10)
    print(f"listening for service discovery messages on port {SDP}", flush=True)
    print(f"listening for file sharing connections on port {FSP}", flush=True)
    threading.Thread(target=discovery, args=(udp,), daemon=True).start()
    while True:
        conn, address = listener.accept()
        threading.Thread(target=client, args=(conn, address), daemon=True).start()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
