// The answer to a request that was tried: status, the headers that matter, and as much of the body as fits.

/** Headers that say something about the answer, in the order in which they are shown. */
const SHOWN = [
  "x-request-id",
  "ratelimit",
  "ratelimit-policy",
  "etag",
  "retry-after",
  "idempotency-replayed",
  "allow",
  "deprecation",
  "sunset",
  "link",
  "location",
  "content-disposition",
  "content-type",
];
/** Bytes of a body that are read; no more is of use on a page. */
const MOST_BYTES = 200_000;

/** @param goOn is called with the cursor of the page that follows */
export function answerInto(box, goOn) {
  const status = box.querySelector("[role=status]");
  const headers = box.querySelector("dl");
  const body = box.querySelector("pre code");
  const next = box.querySelector(".next");
  let cursor = null;
  next.addEventListener("click", () => goOn(cursor));

  function clear() {
    box.hidden = true;
    status.textContent = "";
    body.textContent = "";
    headers.replaceChildren();
    next.hidden = true;
  }

  /** @throws TypeError where nobody answers */
  async function show({ method, address, headers: sent, body: text }, key) {
    const started = performance.now();
    const answer = await fetch(address, {
      method,
      headers: [...sent, ...(key === "" ? [] : [["Authorization", `Bearer ${key}`]])],
      ...(text === undefined ? {} : { body: text }),
      // The key alone speaks: neither the session of whoever is signed in, nor anybody's cache.
      credentials: "omit",
      cache: "no-store",
      mode: "same-origin",
      redirect: "error",
    });
    const { bytes, isWhole } = await beginningOf(answer);
    const took = Math.round(performance.now() - started);
    const type = answer.headers.get("content-type") ?? "";
    const shown = shownBody(bytes, type, isWhole);
    clear();
    box.hidden = false;
    box.dataset.kind = answer.ok ? "good" : answer.status < 500 ? "warn" : "bad";
    status.textContent = `${answer.status} ${answer.statusText} in ${took} ms`.replace("  ", " ");
    for (const name of SHOWN) {
      const value = answer.headers.get(name);
      if (value === null) continue;
      const term = document.createElement("dt");
      const words = document.createElement("dd");
      term.textContent = name;
      words.textContent = value;
      headers.append(term, words);
    }
    body.textContent = shown.text;
    cursor = typeof shown.json?.next === "string" ? shown.json.next : null;
    next.hidden = cursor === null || method !== "GET";
  }

  return { clear, show };
}

/** What of an answer fits on a page: an export may have gigabytes. */
async function beginningOf(answer) {
  if (answer.body === null) return { bytes: new Uint8Array(), isWhole: true };
  const reader = answer.body.getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    if (length > MOST_BYTES) {
      await reader.cancel();
      break;
    }
  }
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return { bytes: bytes.subarray(0, MOST_BYTES), isWhole: length <= MOST_BYTES };
}

function shownBody(bytes, type, isWhole) {
  if (bytes.length === 0) return { text: "(no body)" };
  if (!/json|^text\/|\+xml/.test(type))
    return { text: `(${isWhole ? "" : "more than "}${bytes.length.toLocaleString("en")} bytes of ${type})` };
  const text = new TextDecoder().decode(bytes);
  if (!isWhole) return { text: `${text}\n… (only the beginning is shown)` };
  if (!/[/+]json\b/.test(type)) return { text };
  try {
    const json = JSON.parse(text);
    // A number that a browser cannot have is shown as it came.
    return { text: JSON.stringify(json) === text ? JSON.stringify(json, null, 2) : text, json };
  } catch {
    return { text };
  }
}
