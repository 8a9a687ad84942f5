/**
 * The audit after complete orders: the books of engine, stock movements and order lines against each other,
 * and what the outside world was asked to do against ours. The same as after a simulated day
 * (`cli/simulated-day/`), for the bench's own orders.
 */
import { auditStock, type StockBooks } from "../../../cli/simulated-day/audit.ts";
import { auditDoubles, simulatedWorld } from "../../../cli/simulated-day/doubles-audit.ts";
import { auditMoney } from "../../../cli/simulated-day/money-audit.ts";
import { readMoney } from "../../../store/audit/money-audit.ts";
import { readHeld, readMissing, readStuck } from "../../../store/audit/order-statistics.ts";
import type { SentOrder } from "./order-sender.ts";
import type { OrderSystem } from "./order-system.ts";

export type OrdersAudit = {
  readonly orders: number;
  /** Units promised or shipped beyond what was there. */
  readonly oversold: number;
  /** Orders stored twice; orders charged, refunded or labelled otherwise than we know; mails sent twice. */
  readonly doubled: number;
  /** Acknowledged and not there. */
  readonly lost: number;
  readonly unfinished: number;
  readonly held: number;
  readonly mails: number;
  /** One sentence each; empty where all is well. */
  readonly findings: readonly string[];
};

/** Books that are written one after the other may disagree for so long. */
const SETTLING_MS = 10_000;
const SETTLING_POLL_MS = 300;

export async function auditOrders(
  system: OrderSystem,
  before: StockBooks,
  sent: readonly SentOrder[],
): Promise<OrdersAudit> {
  const { database, simulatorsUrl } = system;
  const ids = sent.map(({ orderId }) => orderId);
  const planned = new Map(sent.map(({ orderId, totalMinor }) => [orderId, totalMinor]));
  const stock = await settled(
    async () => auditStock(before, await system.books()),
    ({ reconciled }) => reconciled,
  );
  const money = await settled(
    async () => auditMoney(await readMoney(database, ids), planned),
    ({ findings }) => findings.length === 0,
  );
  const doubles = await settled(
    () => auditDoubles(database, simulatedWorld(simulatorsUrl), ids),
    ({ doubled }) => doubled === 0,
  );
  const mails = await readMails(simulatorsUrl);
  const twice = ids.length - new Set(ids).size;
  const missing = await readMissing(database, ids);
  const stuck = await readStuck(database, ids);
  const held = (await readHeld(database, ids)).reduce((sum, { orders }) => sum + orders, 0);
  const standing = await system.standing();
  return {
    orders: ids.length,
    oversold: stock.oversold,
    doubled: doubles.doubled + twice + mails.repeated.length,
    lost: missing.length,
    unfinished: standing.open,
    held,
    mails: mails.count,
    findings: [
      ...stock.findings,
      ...money.findings,
      ...doubles.findings,
      ...(twice > 0 ? [`${twice} orders were answered with the id of another one.`] : []),
      ...mails.repeated.map((id) => `The mail ${id} was sent more than once.`),
      ...missing.map((id) => `${id} was acknowledged and is not there.`),
      ...stuck.map(({ text }) => `It has not ended: ${text}.`),
    ],
  };
}

async function readMails(
  simulatorsUrl: string,
): Promise<{ readonly count: number; readonly repeated: readonly string[] }> {
  const response = await fetch(`${simulatorsUrl}/simulation/mails`);
  if (!response.ok) throw new Error(`the inbox answers ${response.status}`);
  const { mails, repeated }: { readonly mails: readonly unknown[]; readonly repeated: readonly string[] } =
    JSON.parse(await response.text());
  return { count: mails.length, repeated };
}

async function settled<T>(read: () => Promise<T>, isSettled: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + SETTLING_MS;
  for (;;) {
    const value = await read();
    if (isSettled(value) || Date.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, SETTLING_POLL_MS));
  }
}
