"""The wire to LINE, against servers that close, cut, hang and say too much."""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.line.wire import MOST, NotSentError, Wire

OK = b"HTTP/1.1 200 OK\r\nX-Line-Request-Id: r1\r\nContent-Length: 2\r\n\r\n{}"
CLOSE = object()  # hang up
HANG = object()  # say nothing until the test is over


class Peer:
    """A server that answers by a list: for each connection what it says to each request."""

    def __init__(self, script, context=None):
        self.script, self.seen, self.context = list(script), [], context
        self.over = threading.Event()
        self.hung_up = threading.Semaphore(0)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def host(self):
        scheme = "https" if self.context else "http"
        return f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}/below"

    def serve(self):
        for number, answers in enumerate(self.script):
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            # Who is reset, or not trusted, hangs up.
            with sock, suppress(OSError):
                if self.context:
                    sock = self.context.wrap_socket(sock, server_side=True)
                with sock:
                    self.talk(number, sock, answers)
            self.hung_up.release()

    def talk(self, number, sock, answers):
        file = sock.makefile("rb")
        for answer in answers:
            if answer is CLOSE:
                return
            length = 0
            head = file.readline()
            while (line := file.readline()).strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            if not head:
                return
            self.seen.append((number, head.split()[1].decode(), file.read(length)))
            if answer is HANG:
                self.over.wait()
                return
            sock.sendall(answer)
        file.readline()  # until the other side hangs up

    def close(self):
        self.over.set()
        self.listener.close()
        self.thread.join(5)


@pytest.fixture
def peer():
    made = []

    def make(*script, context=None):
        made.append(Peer(script, context))
        return made[-1]

    yield make
    for each in made:
        each.close()


def wire_to(server, seconds=5.0, connections=4):
    return Wire(server.host, connections, 1.0, seconds)


def post(wire, body=b"body"):
    return wire.post("/v2/x", body, {"Authorization": "Bearer t"})


def test_a_connection_is_kept(peer):
    server = peer([OK, OK, OK])
    wire = wire_to(server)
    answers = [post(wire, b"%d" % number) for number in range(3)]
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"{}")] * 3
    assert answers[0].headers["x-line-request-id"] == "r1"
    assert server.seen == [(0, "/below/v2/x", b"%d" % number) for number in range(3)]


@pytest.mark.parametrize(
    "last",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 9999999\r\n\r\n" + b"x" * MOST,
        b"HTTP/1.1 500 Oops\r\nContent-Length: 90000\r\n\r\n" + b"<" * 90000,
    ],
    ids=["close", "old", "endless", "long"],
)
def test_a_connection_that_cannot_go_on_is_not_used_again(peer, last):
    server = peer([last], [OK])
    wire = wire_to(server)
    first, second = post(wire), post(wire)
    assert len(first.body) <= MOST
    assert second.status == 200
    assert [number for number, *_ in server.seen] == [0, 1]


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"{}"),
    ],
    ids=["empty", "none", "chunked", "continue"],
)
def test_every_form_of_an_answer_is_read_whole(peer, answer, body):
    server = peer([answer, OK], [OK])
    wire = wire_to(server)
    assert [post(wire).body, post(wire).body] == [body, b"{}"]
    assert [number for number, *_ in server.seen if number == 0]


def test_what_the_other_side_closed_meanwhile_costs_nothing(peer):
    server = peer([OK, CLOSE], [OK])
    wire = wire_to(server)
    post(wire)
    assert server.hung_up.acquire(timeout=5)
    assert post(wire).status == 200


def test_words_that_nobody_asked_for_answer_nothing(peer):
    """A second answer to the first request must not be taken for the next one's."""
    third = OK.replace(b"r1", b"r3")
    server = peer([OK + OK.replace(b"r1", b"r2"), third], [third])
    wire = wire_to(server)
    assert post(wire).headers["x-line-request-id"] == "r1"
    assert post(wire).headers["x-line-request-id"] == "r3"


@pytest.mark.parametrize(
    "answer",
    [CLOSE, HANG, b"HTTP/1.1 2", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"x" * 99999],
)
def test_what_broke_off_is_told_and_forgotten(peer, answer):
    script = [answer] if answer in (HANG, CLOSE) else [answer, CLOSE]
    server = peer(script, [OK])
    wire = wire_to(server, seconds=0.3)
    with pytest.raises((OSError, HTTPException)) as told:
        post(wire)
    assert not isinstance(told.value, NotSentError)
    server.over.set()
    assert post(wire).status == 200


def test_where_nobody_listens_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSentError):
        post(Wire(f"http://127.0.0.1:{port}", 4, 1.0, 1.0))


def certificate(folder):
    """A key and a certificate of 127.0.0.1 that signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *form)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_over_tls_a_connection_is_kept_and_a_stranger_is_refused(peer, tmp_path, monkeypatch):
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    stranger = peer([OK], context=context)
    with pytest.raises(NotSentError):
        post(wire_to(stranger))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    server = peer([OK, OK, OK], [OK], context=context)
    wire = wire_to(server)
    assert [post(wire).status for _ in range(3)] == [200] * 3
    assert {number for number, *_ in server.seen} == {0}


def test_an_answer_that_came_before_all_was_read_is_heard(peer):
    """As a proxy refuses what is too long: the rest of the body meets a closed door."""
    refusal = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            sock, _ = listener.accept()
            with sock:
                sock.recv(64)
                sock.sendall(refusal)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(1 << 16):  # so that closing sends no reset, which may overtake
                    pass

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}", 4, 1.0, 5.0)
        assert post(wire, b"x" * 1_000_000).status == 413
        thread.join(5)
