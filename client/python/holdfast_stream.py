"""A client of Holdfast's stream in one file, with nothing but Python's standard library (3.9 or newer).

    stream = Stream("https://oms.example", key="hf_...")
    reply = stream.request({"type": "order.capture", "channel": "web", "payload": json.dumps(order)})
    for entries, cursor in stream.follow(after=saved_cursor):
        work_on(entries), save(cursor)

Nothing is lost and nothing done twice: what has no reply when a connection ends is sent again over the next, under
the same ids; a feed goes on after the last entries that came. More in docs/clients.md; tests: contract/conformance/.
"""
import base64, collections, contextlib, json, os, random, socket, ssl, struct, threading, time, types, urllib.parse
from concurrent.futures import Future

AGAIN = {"commit_outcome_unknown", "credit_exceeded", "engine_overloaded", "engine_stopped", "engine_unreachable",
         "shard_elsewhere", "shard_unavailable", "stopping", "storage_unavailable"}
SILENCE, HELLO, FIRST_WAIT = 20.0, 15.0, 0.25  # seconds


class StreamError(Exception):
    """`code` is of docs/errors.md. `outcome_unknown`: it may have been done; repeat it with the same id."""

    def __init__(self, code, detail, retry_after=0, outcome_unknown=False, final=False, again=False):
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.retry_after = code, detail, retry_after
        self.outcome_unknown, self.final, self.again = outcome_unknown, final, again


def encode(message):
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def error_of(message):
    code, wait = message["code"], message.get("retryAfterMs")
    is_unknown = code in ("commit_outcome_unknown", "storage_unavailable")
    return StreamError(code, message["detail"], (wait or 0) / 1000, is_unknown, again=code in AGAIN or wait is not None)


class _Socket:
    """A WebSocket (RFC 6455), as much as the stream needs."""

    def __init__(self):
        self.raw, self.silent, self.lock, self.buffer = None, None, threading.Lock(), b""

    def open(self, url, key):
        place = urllib.parse.urlsplit(url)
        secure = place.scheme in ("https", "wss")
        self.raw = socket.create_connection((place.hostname, place.port or (443 if secure else 80)), timeout=HELLO)
        if secure:
            self.raw = ssl.create_default_context().wrap_socket(self.raw, server_hostname=place.hostname)
        nonce = base64.b64encode(os.urandom(16)).decode()
        self.raw.sendall((f"GET {place.path.rstrip('/')}/v1/stream HTTP/1.1\r\nHost: {place.netloc}\r\n"
                          f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {nonce}\r\n"
                          f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: holdfast.v1.json\r\n"
                          f"Authorization: Bearer {key}\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        status = int(head.split(b" ", 2)[1])
        if status == 101:
            return
        try:
            problem = json.loads(self._take(int(head.lower().split(b"content-length:")[1].split()[0])))
        except (OSError, LookupError, ValueError):
            problem = {}  # a proxy's page, say
        raise StreamError(problem.get("code", "unreachable"), problem.get("detail", f"HTTP {status}"),
                          problem.get("retryAfterMs", 0) / 1000, final=400 <= status < 500 and status not in (408, 429))

    def _more(self):
        try:
            part = self.raw.recv(65536)
        except socket.timeout:
            if self.silent is not False:  # during the handshake, or asked already
                raise OSError("no word from the server")
            self.silent = True
            return self.send(b"", 9)
        self.silent = None if self.silent is None else False
        if not part:
            raise OSError("the connection ended")
        self.buffer += part

    def _take(self, length):
        while len(self.buffer) < length:
            self._more()
        part, self.buffer = self.buffer[:length], self.buffer[length:]
        return part

    def receive(self):
        """The next message, out of as many frames as it came in. Raises OSError, or StreamError at a goodbye."""
        message = b""
        while True:
            first, second = self._take(2)
            length = second & 127
            if length > 125:
                length = struct.unpack(">H" if length == 126 else ">Q", self._take(2 if length == 126 else 8))[0]
            body, opcode = self._take(length), first & 15
            if opcode == 8:
                code, reason = (struct.unpack(">H", body[:2])[0], body[2:].decode()) if len(body) >= 2 else (1005, "")
                self.send(body[:2], 8)
                raise StreamError(reason or "unreachable", f"closed by the server: {code}", final=code == 1008)
            if opcode == 9:
                self.send(body, 10)
            elif opcode != 10:
                message += body
                if first & 128:
                    return message

    def send(self, body, opcode=1):
        length, mask = len(body), os.urandom(4)
        size = (bytes([128 | length]) if length < 126 else struct.pack(">BH", 254, length) if length < 65536
                else struct.pack(">BQ", 255, length))
        pad = (mask * (length // 4 + 1))[:length]
        masked = (int.from_bytes(body, "big") ^ int.from_bytes(pad, "big")).to_bytes(length, "big")
        with self.lock:
            self.raw.sendall(bytes([128 | opcode]) + size + mask + masked)

    def drop(self):
        with contextlib.suppress(OSError, AttributeError):  # gone already, or never there
            self.raw.shutdown(socket.SHUT_RDWR)
            self.raw.close()


class Stream:
    """Connects, or raises StreamError. In seconds: how long the server may be away (`patience`), how long a request is
    sent again that is refused for the moment (`request_patience`), the longest wait between two tries to connect."""

    def __init__(self, url, key, patience=float("inf"), first_patience=0.0, request_patience=60.0, most_wait=15.0):
        self.url, self.key, self.patience = url, key, patience
        self.request_patience, self.most_wait = request_patience, most_wait
        self.cond = threading.Condition()
        self.waiting, self.unanswered, self.under_way, self.number = collections.deque(), {}, 0, 0
        self.socket = self.error = self.feed = self.refusal = None
        self.hello, self.failures = {"credit": 64}, 0
        threading.Thread(target=self._run, args=(first_patience,), daemon=True).start()
        with self.cond:
            self.cond.wait_for(lambda: self.socket or self.error)
        if self.error:
            raise self.error

    def submit(self, message):
        """Sends a message (without its id); a Future of the reply. Waits while as many are under way as are granted."""
        with self.cond:
            self.cond.wait_for(lambda: self.error or self.under_way < self.hello["credit"])
            if self.error:
                raise self.error
            self.number += 1
            self.under_way += 1
            name, until = str(self.number), time.monotonic() + self.request_patience
            raw, future = encode({"id": name, **message}), Future()
            self.waiting.append(types.SimpleNamespace(id=name, raw=raw, future=future, until=until, sent=0))
            self._flush()
            return future

    def request(self, message, timeout=None):
        """The reply to a message. Raises StreamError where it is refused."""
        return self.submit(message).result(timeout)

    def follow(self, after=None, most=5000, **narrow):
        """What happens to orders after a cursor (None: from now on), of one `order` or all: lists of entries, each
        with the cursor behind it. About `most` entries are fetched ahead."""
        with self.cond:
            feed = self.feed = {"at": after, "narrow": narrow, "batches": collections.deque(), "count": 0,
                                "phase": "off", "most": most, "error": None, "id": None}
            self._feed_step()
        while True:
            with self.cond:
                self.cond.wait_for(lambda: feed["batches"] or feed["error"] or self.error)
                if not feed["batches"]:
                    raise feed["error"] or self.error
                entries, cursor = feed["batches"].popleft()
                feed["count"] -= len(entries)
                if feed["phase"] == "full" and feed["count"] * 2 <= most:
                    feed["phase"] = "off"
                    self._feed_step()
            yield entries, cursor

    def close(self):
        with self.cond:
            self._end(StreamError("stream_closed", "close() was called"))
            (self.socket or _Socket()).drop()

    def _run(self, patience):
        away = time.monotonic()
        while True:
            final, connected, self.refusal = False, _Socket(), None
            try:
                connected.open(self.url, self.key)
                while True:
                    self._received(json.loads(connected.receive().decode()), connected)
            except StreamError as error:
                final, why = error.final, self.refusal or error
            except Exception as cause:  # the network, or bytes that are no message of ours
                why = self.refusal or StreamError("unreachable", str(cause) or repr(cause))
            with self.cond:
                connected.drop()
                if self.socket:
                    away, patience, self.socket = time.monotonic(), self.patience, None
                    self.waiting.extendleft(reversed(self.unanswered.values()))
                    self.unanswered.clear()
                    if self.feed:
                        self.feed["phase"] = "full" if self.feed["count"] >= self.feed["most"] else "off"
                whole = min(self.most_wait, FIRST_WAIT * 2 ** min(self.failures, 20))
                wait, self.failures = max(why.retry_after, whole / 2) + random.random() * whole / 2, self.failures + 1
                if not self.error and (final or time.monotonic() + wait - away > patience):
                    self._end(why)
                if self.cond.wait_for(lambda: self.error, wait):
                    return

    def _received(self, frame, connected):
        with self.cond:
            for message in frame if isinstance(frame, list) else [frame]:
                kind, re = message["type"], message.get("re")
                if kind == "hello":
                    self.hello, self.socket, connected.silent = message, connected, False
                    connected.raw.settimeout(SILENCE)
                    self._feed_step()
                elif kind == "error" and re is None:
                    if self.socket:  # a frame of ours that it cannot read: no reply will come
                        for ask in [ask for ask in self.unanswered.values() if ask.sent >= 3]:
                            self._settle(self.unanswered.pop(ask.id), error_of(message))
                        raise OSError(message["detail"])
                    self.refusal = error_of(message)
                elif kind == "feed.events":
                    feed = self.feed
                    if feed and feed["phase"] == "on" and message["cursor"] != feed["at"]:
                        feed["at"] = message["cursor"]
                        feed["batches"].append((message["events"], message["cursor"]))
                        feed["count"] += len(message["events"])
                        feed["phase"] = "on" if feed["count"] < feed["most"] else "full"  # then nothing is taken
                elif self.feed and re == self.feed["id"]:
                    self._feed_answered(message)
                elif re in self.unanswered:
                    self._answered(self.unanswered.pop(re), message)
            self._flush()
            self.cond.notify_all()

    def _answered(self, ask, message):
        if message["type"] != "error":
            self.failures = 0
            return self._settle(ask, message)
        error = error_of(message)
        wait = error.retry_after or 0.5
        if error.again and time.monotonic() + wait <= ask.until:
            timer = threading.Timer(wait * (1 + random.random() / 4), self._again, [ask])
            timer.daemon = True
            return timer.start()
        self._settle(ask, error)

    def _again(self, ask):
        with self.cond:
            self.waiting.append(ask)
            self._end(self.error) if self.error else self._flush()

    def _settle(self, ask, end):
        self.under_way -= 1
        self.cond.notify_all()
        (ask.future.set_exception if isinstance(end, StreamError) else ask.future.set_result)(end)

    def _flush(self):
        granted = self.hello.get("creditBytes", 2**23) - sum(len(ask.raw) for ask in self.unanswered.values())
        while self.socket and self.waiting and len(self.unanswered) < self.hello["credit"]:
            if self.unanswered and len(self.waiting[0].raw) > granted:
                return
            ask = self.waiting.popleft()
            if len(ask.raw) > self.hello["maxFrameBytes"]:
                self._settle(ask, StreamError("frame_too_large", f"{len(ask.raw)} bytes"))
                continue
            granted -= len(ask.raw)
            self.unanswered[ask.id], ask.sent = ask, ask.sent + 1
            self._try_send(ask.raw)

    def _try_send(self, raw):
        try:
            self.socket.send(raw)
        except OSError:
            self.socket.drop()  # its reader notices

    def _feed_step(self):
        if self.socket and self.feed and self.feed["phase"] == "off":
            self.number += 1
            self.feed.update(phase="asking", id=f"feed-{self.number}")
            message = {"type": "feed.subscribe", "after": self.feed["at"], **self.feed["narrow"]}
            self._try_send(encode({"id": self.feed["id"], **message}))

    def _feed_answered(self, message):
        feed, self.feed["id"] = self.feed, None
        if message["type"] == "feed.subscribed":
            feed.update(phase="on", at=feed["at"] or message["cursor"])
        elif error_of(message).again:
            raise OSError(message["detail"])  # over another connection, after a while
        else:
            feed["error"] = error_of(message)

    def _end(self, error):
        self.error = error
        asks = [*self.unanswered.values(), *self.waiting]
        self.unanswered, self.waiting = {}, collections.deque()
        for ask in asks:
            self._settle(ask, StreamError(error.code, error.detail, error.retry_after, ask.sent > 0))
        self.cond.notify_all()
