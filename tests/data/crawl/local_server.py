"""A web server on 127.0.0.1 whose answers a test writes down; never anything beyond this machine."""

import socket
import threading
import time
from contextlib import contextmanager


class LocalServer:
    """Serves `pages`: path to (status, headers, body) or to a function that writes to the connection itself."""

    def __init__(self, pages: dict) -> None:
        self.pages = pages
        self.requests: list[tuple[float, str, str]] = []  # time, path, head
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.requests]

    def close(self) -> None:
        self._open = False
        # Wakes the thread that waits for a connection.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while self._open:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(4096)
                    if not piece:
                        return
                    head += piece
                path = head.split(b" ")[1].decode()
                self.requests.append((time.monotonic(), path, head.decode("latin-1")))
                page = self.pages.get(path, (404, {}, b"nothing here"))
                if callable(page):
                    page(connection)
                    return
                status, headers, body = page
                headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))} | headers
                lines = [f"HTTP/1.1 {status} Because", *(f"{k}: {v}" for k, v in headers.items() if v is not None)]
                connection.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            except OSError:
                pass


@contextmanager
def serving(pages: dict):
    server = LocalServer(pages)
    try:
        yield server
    finally:
        server.close()


def page(*links: str, text: str = "A page of words.") -> tuple:
    anchors = "".join(f'<a href="{link}">x</a>' for link in links)
    return (200, {}, f"<html><head><title>t</title></head><body><p>{text}</p>{anchors}</body></html>".encode())
