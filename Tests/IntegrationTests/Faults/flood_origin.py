"""An origin to be killed: sends to every client without end and takes what comes.

Prints its port. A process of its own, so that SIGKILL closes its sockets as a crash would.
"""
import socket
import threading


def send(client):
    chunk = bytes(256 * 1024)
    try:
        while True:
            client.sendall(chunk)
    except OSError:
        pass


def take(client):
    while client.recv(256 * 1024):
        pass


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    for work in (send, take):
        threading.Thread(target=work, args=(connection,), daemon=True).start()
