/**
 * Sends an order that was typed, once. Its id is made when the form opens: however often it is sent, by a
 * double click or after a lost answer, it is one order. While nobody knows whether it arrived, the order
 * stays as it was sent, and asking again sends that very order under the same key.
 *
 * The tab remembers the id of an order whose answer has not come, so that a page that is loaded anew can say
 * what became of it. Nothing else of the order is kept in the browser.
 */
import { useRef, useState } from "preact/hooks";
import type { CaptureResult } from "../../../../contract/orders.ts";
import { get, post } from "../../api/client.ts";
import { messageOf, outcomeUnknown, RequestError } from "../../api/problem.ts";
import { orderPath } from "../order/order-path.ts";

const REMEMBERED = "holdfast.order-under-way";

/** Refusals of the moment, which do not say what became of a request that was sent before. */
const NO_ANSWER: ReadonlySet<string> = new Set(["idempotency_in_flight", "rate_limited", "caller_busy"]);

type Sent = { readonly channel: string; readonly order: object };

export type Capturing = {
  readonly isSending: boolean;
  /** Whether an order was sent of which nobody knows whether it arrived: it is not to be changed now. */
  readonly isUnknown: boolean;
  readonly error: string | null;
  /** @param make the order under its id; what it throws is shown. @returns null where it was not captured */
  send(channel: string, make: (id: string) => object): Promise<CaptureResult | null>;
};

/** 50 bits, in letters that nobody confuses on the phone. */
function newId(): string {
  const letters = "23456789abcdefghjkmnpqrstuvwxyz";
  return `m-${[...crypto.getRandomValues(new Uint8Array(10))].map((byte) => letters[byte % letters.length]).join("")}`;
}

export function useCapture(): Capturing {
  const [isSending, setSending] = useState(false);
  const [sent, setSent] = useState<Sent | null>(null);
  const [error, setError] = useState<string | null>(null);
  const id = useRef(newId());
  const key = useRef(crypto.randomUUID());
  // A second click comes before the first has been drawn.
  const isUnderWay = useRef(false);

  const send = async (channel: string, make: (id: string) => object): Promise<CaptureResult | null> => {
    if (isUnderWay.current) return null;
    isUnderWay.current = true;
    setSending(true);
    setError(null);
    try {
      const asked = sent ?? { channel, order: make(id.current) };
      setSent(asked);
      remember(`${asked.channel}-${id.current}`);
      const path = `/orders?channel=${encodeURIComponent(asked.channel)}`;
      const result = await post<CaptureResult>(path, asked.order, key.current);
      remember(null);
      return result;
    } catch (caught) {
      setError(messageOf(caught));
      if (!isWithoutAnswer(caught)) {
        remember(null);
        setSent(null);
        // A refusal has changed nothing; the next order may be another one under the same id.
        key.current = crypto.randomUUID();
      }
      return null;
    } finally {
      isUnderWay.current = false;
      setSending(false);
    }
  };
  return { isSending, isUnknown: sent !== null && !isSending && error !== null, error, send };
}

function isWithoutAnswer(error: unknown): boolean {
  return outcomeUnknown(error) || (error instanceof RequestError && NO_ANSWER.has(error.code));
}

function remember(orderId: string | null): void {
  if (orderId === null) sessionStorage.removeItem(REMEMBERED);
  else sessionStorage.setItem(REMEMBERED, orderId);
}

/** What became of the order that this tab sent last without an answer; `null`: there is none. */
export async function underWay(): Promise<{ readonly id: string; readonly isCaptured: boolean } | null> {
  const id = sessionStorage.getItem(REMEMBERED);
  if (id === null) return null;
  try {
    await get(orderPath(id));
    remember(null);
    return { id, isCaptured: true };
  } catch (error) {
    if (!(error instanceof RequestError) || error.status !== 404) throw error;
    remember(null);
    return { id, isCaptured: false };
  }
}
