/**
 * Customers who come to the store for what they have ordered: they wait for the mail that says it is ready,
 * and show the code in it.
 */
import type { OrderView } from "../../contract/orders.ts";
import { RequestRefused, type RestClient } from "../client/rest.ts";

export type StoreCounter = {
  /** The customer of this order will come. */
  expect(orderId: string): void;
  readonly expected: number;
  readonly collected: number;
  readonly problems: readonly string[];
  /** Whether nobody is waited for. */
  idle(): boolean;
  stop(): void;
};

const LOOK_MS = 500;
const CODE = /^Code:\s*(\S+)\s*$/m;

/** @param comesAgain whether a customer whose order is forgotten comes again when their channel has sent it anew */
export function openStoreCounter(rest: RestClient, simulatorsUrl: string, comesAgain = false): StoreCounter {
  const waiting = new Set<string>();
  const problems: string[] = [];
  let expected = 0;
  let collected = 0;
  let stopped = false;

  const handOver = async (orderId: string): Promise<boolean> => {
    const order = await rest.get<OrderView>(`/v1/orders/${encodeURIComponent(orderId)}`);
    if (order.summary.status === "cancelled" || order.summary.status === "completed") return true;
    const ready = order.fulfillmentOrders.filter((each) => each.stage === "ready");
    for (const { id } of ready) {
      const code = await codeFor(order.summary.externalNumber, order.document.customer.email ?? "");
      if (code === null) return false;
      await rest.post(`/v1/fulfillment-orders/${encodeURIComponent(id)}/collect`, { code, idChecked: true });
      collected += 1;
    }
    return false;
  };

  /** From the newest mail to them that has one. Other days, and other customers, may have the same number. */
  const codeFor = async (orderNumber: string, email: string): Promise<string | null> => {
    const found = await readText(`${simulatorsUrl}/simulation/mails?q=${encodeURIComponent(email)}`);
    const { mails } = JSON.parse(found) as { mails: readonly { id: number; subject: string }[] };
    for (const { id, subject } of mails) {
      if (!subject.endsWith(`order ${orderNumber}`)) continue;
      const code = CODE.exec(await readText(`${simulatorsUrl}/inbox/${id}/text`))?.[1];
      if (code !== undefined) return code;
    }
    return null;
  };

  const day = (async () => {
    while (!stopped) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      for (const orderId of [...waiting]) {
        if (stopped) return;
        const isDone = await handOver(orderId).catch((error: unknown) => {
          if (isAway(error) || (comesAgain && isForgotten(error))) return false;
          problems.push(`${orderId} could not be collected: ${String(error)}`);
          return true;
        });
        if (isDone) waiting.delete(orderId);
      }
    }
  })();
  day.catch(() => {});

  return {
    expect: (orderId) => {
      expected += 1;
      waiting.add(orderId);
    },
    get expected() {
      return expected;
    },
    get collected() {
      return collected;
    },
    problems,
    idle: () => waiting.size === 0,
    stop: () => {
      stopped = true;
      for (const orderId of waiting) problems.push(`${orderId} was not collected.`);
    },
  };
}

/** Nobody answers: the inbox restarts with the rest of the system, and the customer comes back. */
function isAway(error: unknown): boolean {
  return error instanceof TypeError && error.message === "fetch failed";
}

/** Also what was kept for them may be kept anew, under another code: the mail with it is on its way. */
function isForgotten(error: unknown): boolean {
  return error instanceof RequestRefused && (error.status === 404 || error.code === "wrong_code");
}

async function readText(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}
