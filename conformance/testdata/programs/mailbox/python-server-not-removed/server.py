# Wrong: the messages that were sent stay in the store.
"""Mailbox server: python3 server.py PORT"""
import socket
import sys


def receive(sock, n):
    data = b""
    while len(data) < n:
        now = sock.recv(n - len(data))
        if len(now) == 0:
            raise OSError("client is gone")
        data += now
    return data


def is_valid(magic, ident, name_len, receiver_len, message_len):
    if magic != 0xAE73:
        print("Error: MagicNo")
    elif ident != 1 and ident != 2:
        print("Error: ID")
    elif name_len == 0:
        print("Error: NameLen")
    elif (receiver_len == 0) != (ident == 1):
        print("Error: ReceiverLen")
    elif (message_len == 0) != (ident == 1):
        print("Error: MessageLen")
    else:
        return True
    return False


def process(sock, store):
    header = receive(sock, 7)
    magic = header[0] * 256 + header[1]
    message_len = header[5] * 256 + header[6]
    if not is_valid(magic, header[2], header[3], header[4], message_len):
        return
    name = receive(sock, header[3])
    if header[2] == 2:
        receiver = receive(sock, header[4])
        message = receive(sock, message_len)
        store.setdefault(receiver, []).append((name, message))
        print("Create from", name.decode(errors="replace"), "for", receiver.decode(errors="replace"))
    else:
        number = respond(sock, store.get(name, []))
        print("Read by", name.decode(errors="replace") + ":", number, "messages sent")


def respond(sock, messages):
    number = min(len(messages), 255)
    response = bytearray(b"\xAE\x73\x03")
    response.append(number)
    response.append(1 if len(messages) > 255 else 0)
    for i in range(number):
        sender, message = messages[i]
        response.append(len(sender))
        response.extend(len(message).to_bytes(2, byteorder="big"))
        response.extend(sender)
        response.extend(message)
    sock.sendall(response)
    return number


def main():
    if len(sys.argv) != 2:
        print("Error: number of parameters")
        return
    try:
        port = int(sys.argv[1])
    except ValueError:
        print("Error: port is not numeric")
        return
    if port < 1024 or port > 64000:
        print("Error: port must be 1024 to 64000")
        return
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("0.0.0.0", port))
        server.listen(3)
    except OSError as e:
        print("Error:", e)
        server.close()
        return
    store = {}
    while True:
        sock, (ip, number) = server.accept()
        print("Accepted", ip, number)
        try:
            sock.settimeout(1.0)
            process(sock, store)
        except OSError as e:
            print("Error:", e)
        finally:
            sock.close()


main()
