/**
 * What the outside world was asked to do, by the simulators' own records: charges and labels, compared with
 * ours.
 */
import {
  readParcelCounts,
  readPaymentTotals,
  readRepeatedCaptures,
} from "../../store/audit/doubles-audit.ts";
import type { Queryable } from "../../store/sql/database.ts";

type Charge = {
  readonly orderId: string;
  readonly live: number;
  readonly authorized: number;
  readonly captured: number;
  readonly refunded: number;
};

type Label = {
  readonly orderReference: string | null;
  readonly trackingNumber: string;
  readonly isReturn: boolean;
  readonly voided: boolean;
};

type OutsideWorld = {
  readonly charges: () => Promise<readonly Charge[]>;
  readonly labels: () => Promise<readonly Label[]>;
};

export function simulatedWorld(simulatorsUrl: string): OutsideWorld {
  return {
    charges: async () =>
      listIn<Charge>(await readJson(`${simulatorsUrl}/simulation/charges`), "orders", "charges"),
    labels: async () => listIn<Label>(await readJson(`${simulatorsUrl}/simulation/labels`), "labels"),
  };
}

type DoublesAudit = { readonly doubled: number; readonly findings: readonly string[] };

/** @param ids the orders of the day */
export async function auditDoubles(
  database: Queryable,
  world: OutsideWorld,
  ids: readonly string[],
): Promise<DoublesAudit> {
  const findings: string[] = [];
  const ours = new Set(ids);

  for (const row of await readRepeatedCaptures(database, ids)) {
    findings.push(`${row.channelId} order ${row.externalId} was captured more than once.`);
  }

  const payments = await readPaymentTotals(database, ids);
  const paymentOf = new Map(payments.map((payment) => [payment.orderId, payment]));
  for (const charge of await world.charges()) {
    if (!ours.has(charge.orderId)) continue;
    const payment = paymentOf.get(charge.orderId);
    if (charge.live > 1) findings.push(`${charge.orderId} has ${charge.live} live authorizations.`);
    if (
      charge.captured !== (payment?.capturedMinor ?? 0) ||
      charge.refunded !== (payment?.refundedMinor ?? 0)
    ) {
      findings.push(
        `${charge.orderId}: the payment provider captured ${charge.captured} and refunded ${charge.refunded}, we say ${payment?.capturedMinor ?? 0} and ${payment?.refundedMinor ?? 0}.`,
      );
    }
  }

  const parcels = await readParcelCounts(database, ids);
  const bought = new Map<string, { parcels: number; returns: number }>();
  for (const label of await world.labels()) {
    const order = label.orderReference;
    if (order === null || label.voided || !ours.has(order)) continue;
    const count = bought.get(order) ?? { parcels: 0, returns: 0 };
    if (label.isReturn) count.returns += 1;
    else count.parcels += 1;
    bought.set(order, count);
  }
  const booked = new Map(parcels.map((row) => [row.orderId, row]));
  for (const order of new Set([...bought.keys(), ...booked.keys()])) {
    const labels = bought.get(order) ?? { parcels: 0, returns: 0 };
    const known = booked.get(order) ?? { parcels: 0, returns: 0 };
    if (labels.parcels !== known.parcels || labels.returns !== known.returns) {
      findings.push(
        `${order}: the carrier sold ${labels.parcels} labels and ${labels.returns} for returns, we shipped ${known.parcels} and ${known.returns}.`,
      );
    }
  }
  return { doubled: findings.length, findings };
}

async function readJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

/** The list itself, or the first of these fields that holds one. */
function listIn<T>(document: unknown, ...fields: readonly string[]): readonly T[] {
  if (Array.isArray(document)) return document;
  for (const field of fields) {
    const value: unknown =
      typeof document === "object" && document !== null ? Reflect.get(document, field) : undefined;
    if (Array.isArray(value)) return value;
  }
  throw new Error(`the simulator's account has no ${fields.join(" or ")}`);
}
