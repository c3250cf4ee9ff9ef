# Wrong: the header and the body are each read with a single recv().
"""Mailbox server: python3 server.py PORT"""
import socket
import sys

mail = {}


def show(name):
    return name.decode("utf-8", "replace")


def get_request(conn):
    """Return (id, name, receiver, message), or None after printing an error."""
    header = conn.recv(7)
    if len(header) < 7:
        print("ERROR: short header")
        return None
    magic = (header[0] << 8) + header[1]
    ident, name_len, receiver_len = header[2], header[3], header[4]
    message_len = (header[5] << 8) + header[6]
    if magic != 0xAE73:
        print("ERROR: wrong magic number")
        return None
    if ident != 1 and ident != 2:
        print("ERROR: wrong ID")
        return None
    if name_len == 0:
        print("ERROR: no name")
        return None
    if ident == 1 and (receiver_len != 0 or message_len != 0):
        print("ERROR: a read has no receiver and no message")
        return None
    if ident == 2 and (receiver_len == 0 or message_len == 0):
        print("ERROR: a create has a receiver and a message")
        return None
    total = name_len + receiver_len + message_len
    body = conn.recv(total)
    if len(body) != total:
        print("ERROR: short body")
        return None
    return ident, body[:name_len], body[name_len:name_len + receiver_len], body[name_len + receiver_len:]


def do_create(sender, receiver, message):
    if receiver not in mail:
        mail[receiver] = []
    mail[receiver].append((sender, message))
    print("message from", show(sender), "to", show(receiver), "stored")


def do_read(conn, user):
    messages = mail.get(user, [])
    first = messages[:255]
    response = bytearray([0xAE, 0x73, 3, len(first), 0])
    if len(messages) > 255:
        response[4] = 1
    for sender, message in first:
        response.append(len(sender))
        response.append(len(message) >> 8)
        response.append(len(message) & 0xFF)
        response += sender
        response += message
    conn.sendall(response)
    mail[user] = messages[255:]
    print(len(first), "messages sent to", show(user))


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        print("ERROR: usage: server.py PORT")
        sys.exit()
    port = int(sys.argv[1])
    if port < 1024 or port > 64000:
        print("ERROR: port out of range")
        sys.exit()
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind(("0.0.0.0", port))
        s.listen()
    except OSError as e:
        print("ERROR: bind failed:", e)
        s.close()
        sys.exit()
    while True:
        conn, addr = s.accept()
        print("client", addr[0], addr[1])
        conn.settimeout(1)
        try:
            request = get_request(conn)
            if request is not None:
                if request[0] == 1:
                    do_read(conn, request[1])
                else:
                    do_create(request[1], request[2], request[3])
        except OSError as e:
            print("ERROR:", e)
        conn.close()


main()
