/**
 * What a shopper's page loads in the sandbox instead of Stripe.js: a script with the same calls
 * (`Stripe(key)`, `elements()`, `create("card")`, `mount`, `on`, `createPaymentMethod`, `handleNextAction`,
 * `confirmCardPayment`), the frame that the card is written into, and the frame in which the bank asks the
 * shopper to confirm a payment. As with Stripe, the page never sees the card: it is in the frame, which
 * belongs to this origin, and what the page gets is a payment method's id.
 */
import type { SimulatedReply, SimulatedRequest } from "../../../simulator-kit/exchange.ts";

/** @returns `undefined` where the address is none of these */
export function cardFormFile(request: SimulatedRequest): SimulatedReply | undefined {
  if (request.method !== "GET") return undefined;
  if (request.path === "/js/stripe.js")
    return {
      status: 200,
      contentType: "text/javascript; charset=utf-8",
      body: SCRIPT,
      // It is made to be loaded by other sites.
      headers: { "cross-origin-resource-policy": "cross-origin" },
    };
  const frame = FRAMES.get(request.path);
  if (frame === undefined) return undefined;
  return {
    status: 200,
    contentType: "text/html; charset=utf-8",
    body: frame,
    headers: { "cross-origin-resource-policy": "cross-origin" },
  };
}

const SCRIPT = `// Stripe.js as far as the sandbox needs it.
(() => {
  const origin = new URL(document.currentScript.src).origin;
  let calls = 0;

  function cardElement(key) {
    const listeners = new Map();
    const waiting = new Map();
    let frame = null;
    const tell = (name, event) => (listeners.get(name) ?? []).forEach((listener) => listener(event));
    const hear = (message) => {
      if (frame === null || message.source !== frame.contentWindow || message.origin !== origin) return;
      const { type, call, ...rest } = message.data;
      if (type === "made") {
        waiting.get(call)?.(rest);
        waiting.delete(call);
      } else tell(type, { elementType: "card", ...rest });
    };
    return {
      mount(target) {
        const place = typeof target === "string" ? document.querySelector(target) : target;
        frame = document.createElement("iframe");
        frame.title = "Secure card payment input frame";
        frame.src = origin + "/js/card.html";
        frame.style.cssText = "border:0;width:100%;height:1.5em;display:block";
        frame.setAttribute("allow", "payment *");
        window.addEventListener("message", hear);
        place.replaceChildren(frame);
      },
      unmount() {
        window.removeEventListener("message", hear);
        frame?.remove();
        frame = null;
      },
      destroy() {
        this.unmount();
      },
      clear() {
        frame?.contentWindow.postMessage({ type: "clear" }, origin);
      },
      on(name, listener) {
        listeners.set(name, [...(listeners.get(name) ?? []), listener]);
        return this;
      },
      make(details) {
        return new Promise((resolve) => {
          if (frame === null) {
            resolve({ error: { type: "validation_error", message: "The card field is not on the page." } });
            return;
          }
          calls += 1;
          waiting.set(calls, resolve);
          frame.contentWindow.postMessage({ type: "make", call: calls, key, details }, origin);
        });
      },
    };
  }

  // The bank's page lies over the shop's until the shopper has answered it.
  function askBank(key, clientSecret, paymentMethod) {
    return new Promise((resolve) => {
      const layer = document.createElement("div");
      layer.style.cssText = "position:fixed;inset:0;z-index:2147483647;background:rgba(0,0,0,.5);display:grid;place-items:center";
      const frame = document.createElement("iframe");
      frame.title = "Secure bank authentication";
      frame.src = origin + "/js/authenticate.html";
      frame.style.cssText = "border:0;border-radius:8px;width:min(24rem,92vw);height:16rem;background:#fff";
      const hear = (message) => {
        if (message.source !== frame.contentWindow || message.origin !== origin) return;
        if (message.data.type === "ready") {
          frame.contentWindow.postMessage({ type: "begin", key, clientSecret, paymentMethod }, origin);
          return;
        }
        window.removeEventListener("message", hear);
        layer.remove();
        const { type: _, ...result } = message.data;
        resolve(result);
      };
      window.addEventListener("message", hear);
      layer.append(frame);
      document.body.append(layer);
    });
  }

  window.Stripe = (key) => ({
    elements: () => ({ create: () => cardElement(key) }),
    createPaymentMethod: ({ card, billing_details }) => card.make(billing_details ?? {}),
    handleNextAction: ({ clientSecret }) => askBank(key, clientSecret, null),
    confirmCardPayment: (clientSecret, data) => askBank(key, clientSecret, data?.payment_method ?? null),
  });
  window.Stripe.version = 3;
})();
`;

const FRAME = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light">
<title>Card</title>
<style>
html, body { margin: 0; background: transparent; }
form { display: flex; gap: 8px; font: 16px/1.5 system-ui, sans-serif; }
input { border: 0; padding: 0; margin: 0; background: transparent; color: #1b1f24; font: inherit; outline: none;
  min-width: 0; height: 1.5em; }
input::placeholder { color: #5d6d68; }
input.wrong { color: #b3261e; }
[name=cardnumber] { flex: 1 1 10rem; }
[name=exp-date] { flex: 0 0 4.5em; }
[name=cvc] { flex: 0 0 3em; }
@media (max-width: 22rem) { form { font-size: 14px; } }
</style>
</head>
<body>
<form>
<input name="cardnumber" inputmode="numeric" autocomplete="cc-number" aria-label="Card number" placeholder="Card number">
<input name="exp-date" inputmode="numeric" autocomplete="cc-exp" aria-label="Expiry date" placeholder="MM / YY">
<input name="cvc" inputmode="numeric" autocomplete="cc-csc" aria-label="Security code" placeholder="CVC" maxlength="4">
</form>
<script>
const [number, expiry, cvc] = document.querySelectorAll("input");
const digits = (input) => input.value.replace(/\\D/g, "");
const tell = (message) => parent.postMessage(message, "*");
const isLuhn = (text) => [...text].reverse().reduce((sum, digit, index) => {
  const doubled = Number(digit) * (index % 2 === 0 ? 1 : 2);
  return sum + (doubled > 9 ? doubled - 9 : doubled);
}, 0) % 10 === 0;
function state() {
  const card = digits(number);
  const isWrong = card.length >= 15 && !isLuhn(card);
  number.classList.toggle("wrong", isWrong);
  return {
    empty: number.value + expiry.value + cvc.value === "",
    complete: card.length >= 14 && isLuhn(card) && digits(expiry).length === 4 && digits(cvc).length >= 3,
    error: isWrong ? { type: "validation_error", code: "invalid_number", message: "Your card number is invalid." } : undefined,
  };
}
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
document.querySelector("form").addEventListener("input", (event) => {
  if (event.target === number) number.value = digits(number).slice(0, 19).replace(/(.{4})(?=.)/g, "$1 ");
  if (event.target === expiry) {
    const text = digits(expiry).slice(0, 4);
    expiry.value = text.length > 2 ? text.slice(0, 2) + " / " + text.slice(2) : text;
  }
  tell({ type: "change", ...state() });
});
for (const input of [number, expiry, cvc]) {
  input.addEventListener("focus", () => tell({ type: "focus" }));
  input.addEventListener("blur", () => tell({ type: "blur" }));
}
addEventListener("message", async ({ source, data }) => {
  if (source !== parent) return;
  if (data.type === "clear") {
    for (const input of [number, expiry, cvc]) input.value = "";
    tell({ type: "change", ...state() });
    return;
  }
  if (data.type !== "make") return;
  const form = new URLSearchParams({
    type: "card",
    "card[number]": digits(number),
    "card[exp_month]": digits(expiry).slice(0, 2),
    "card[exp_year]": digits(expiry).slice(2),
    "card[cvc]": digits(cvc),
  });
  if (data.details.name) form.set("billing_details[name]", data.details.name);
  let answer;
  try {
    const response = await fetch("/v1/payment_methods", {
      method: "POST",
      headers: { authorization: "Bearer " + data.key, "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
    });
    const json = await response.json();
    answer = response.ok ? { paymentMethod: json } : { error: json.error };
  } catch {
    answer = { error: { type: "api_connection_error", message: "An error occurred with our connection to Stripe." } };
  }
  tell({ type: "made", call: data.call, ...answer });
});
tell({ type: "ready" });
</script>
</body>
</html>
`;

/** Stripe's test page of a bank has the same two buttons. */
const BANK = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>3D Secure</title>
<style>
body { margin: 0; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; }
h1 { font-size: 1.1rem; margin: 0 0 .5rem; }
button { font: inherit; padding: .5rem 1rem; margin: 0 .5rem .5rem 0; }
</style>
</head>
<body>
<main hidden>
<h1>3D Secure 2 Test Page</h1>
<p>Your bank asks whether this payment is yours.</p>
<button type="button" value="complete">Complete</button>
<button type="button" value="fail">Fail</button>
</main>
<script>
const tell = (message) => parent.postMessage(message, "*");
const faulty = { error: { type: "api_connection_error", message: "An error occurred with our connection to Stripe." } };
let begun = null;
async function ask(path, body) {
  const response = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: "Bearer " + begun.key,
      ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
    },
    ...(body === undefined ? {} : { body: new URLSearchParams(body).toString() }),
  });
  return response.json();
}
function end(answer) {
  if (answer.error) return tell({ type: "end", error: answer.error });
  const isOver = ["requires_capture", "succeeded"].includes(answer.status);
  tell({ type: "end", ...(isOver ? { paymentIntent: answer } : { error: answer.last_payment_error }) });
}
addEventListener("message", async ({ source, data }) => {
  if (source !== parent || data.type !== "begin" || begun !== null) return;
  begun = data;
  const id = data.clientSecret.split("_secret_")[0];
  begun.path = "/v1/payment_intents/" + id;
  try {
    const intent = data.paymentMethod === null
      ? await ask(begun.path + "?client_secret=" + data.clientSecret)
      : await ask(begun.path + "/confirm", { client_secret: data.clientSecret, payment_method: data.paymentMethod });
    if (intent.status === "requires_action") document.querySelector("main").hidden = false;
    else if (data.paymentMethod !== null) end(intent);
    else tell({ type: "end", error: intent.error ?? { type: "invalid_request_error",
      message: "handleNextAction: The PaymentIntent supplied is not in the requires_action state." } });
  } catch {
    tell({ type: "end", ...faulty });
  }
});
for (const button of document.querySelectorAll("button"))
  button.addEventListener("click", async () => {
    for (const one of document.querySelectorAll("button")) one.disabled = true;
    try {
      await ask("/js/authenticate", { client_secret: begun.clientSecret, answer: button.value });
      end(await ask(begun.path + "?client_secret=" + begun.clientSecret));
    } catch {
      tell({ type: "end", ...faulty });
    }
  });
tell({ type: "ready" });
</script>
</body>
</html>
`;

const FRAMES: ReadonlyMap<string, string> = new Map([
  ["/js/card.html", FRAME],
  ["/js/authenticate.html", BANK],
]);
