"""Drives `holdfast_stream.py` by lines of JSON, as contract/conformance/README.md says."""
import json, os, sys, threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from holdfast_stream import Stream, StreamError, encode  # noqa: E402

said, stream = threading.Lock(), None


def say(line):
    with said:
        print(json.dumps(line, ensure_ascii=False), flush=True)


def settled(name, future):
    error = future.exception()
    if error is None:
        say({"reply": name, "message": future.result()})
    else:
        say({"failed": name, "code": error.code, "outcomeUnknown": error.outcome_unknown})


def follow(after, most):
    try:
        for entries, cursor in stream.follow(after=after, most=most):
            say({"entries": entries, "cursor": cursor})
    except StreamError as error:
        say({"failed": "follow", "code": error.code, "outcomeUnknown": False})


for line in sys.stdin:
    command = json.loads(line)
    do = command["do"]
    if do == "encodings":
        say({"encodings": ["json"]})
    elif do == "encode":
        frame = command["messages"]
        say({"encoded": encode(frame[0] if len(frame) == 1 else frame).hex()})
    elif do == "decode":
        frame = json.loads(bytes.fromhex(command["frame"]).decode())
        say({"decoded": frame if isinstance(frame, list) else [frame]})
    elif do == "open":
        try:
            stream = Stream(command["url"], command["key"], first_patience=command.get("patienceMs", 0) / 1000, most_wait=0.4)
            say({"opened": True})
        except StreamError as error:
            say({"failed": "open", "code": error.code, "outcomeUnknown": False})
    elif do == "request":
        try:
            stream.submit(command["message"]).add_done_callback(lambda future, name=command["name"]: settled(name, future))
        except StreamError as error:
            say({"failed": command["name"], "code": error.code, "outcomeUnknown": False})
    elif do == "follow":
        threading.Thread(target=follow, args=(command["after"], command.get("most", 5000)), daemon=True).start()
    elif do == "close":
        stream.close()
        say({"closed": True})
