/**
 * What the outside world was asked to do, by the simulators' own records: charges and labels, compared with
 * ours.
 */
import { isDeepStrictEqual } from "node:util";
import {
  type PaymentTotals,
  readParcelCounts,
  readPaymentTotals,
  readRepeatedCaptures,
} from "../../store/audit/doubles-audit.ts";
import type { Queryable } from "../../store/sql/database.ts";

export type Charge = {
  readonly orderId: string;
  readonly authorizations: number;
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

/** What the outside had been asked to do at a moment: by order, what was captured and refunded; labels. */
export type OutsideAccount = {
  readonly charges: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
};

export async function accountOf(world: OutsideWorld): Promise<OutsideAccount> {
  const charges = (await world.charges()).map((charge) => [charge.orderId, inWords(charge)] as const);
  const labels = [...countLabels(await world.labels(), () => true)].map(
    ([orderId, { parcels, returns }]) => [orderId, `${parcels} ${returns}`] as const,
  );
  return { charges: new Map(charges), labels: new Map(labels) };
}

type DoublesAudit = {
  readonly doubled: number;
  readonly findings: readonly string[];
  /** Done for a machine that was lost, and nothing more since: a person compares it with the books. */
  readonly leftByLost: readonly string[];
};

/**
 * @param ids the orders of the day
 * @param atLoss what the outside had done when the machine was lost; null: none was
 */
export async function auditDoubles(
  database: Queryable,
  world: OutsideWorld,
  ids: readonly string[],
  atLoss: OutsideAccount | null = null,
): Promise<DoublesAudit> {
  const findings: string[] = [];
  const leftByLost: string[] = [];
  const ours = new Set(ids);

  for (const row of await readRepeatedCaptures(database, ids)) {
    findings.push(`${row.channelId} order ${row.externalId} was captured more than once.`);
  }

  const payments = await readPaymentTotals(database, ids);
  for (const finding of doubledMoney(
    payments,
    (await world.charges()).filter(({ orderId }) => ours.has(orderId)),
  )) {
    const isLeft = atLoss?.charges.get(finding.orderId) === finding.theirs;
    (isLeft ? leftByLost : findings).push(finding.text);
  }

  const parcels = await readParcelCounts(database, ids);
  const bought = countLabels(await world.labels(), (order) => ours.has(order));
  const booked = new Map(parcels.map((row) => [row.orderId, row]));
  for (const order of new Set([...bought.keys(), ...booked.keys()])) {
    const labels = bought.get(order) ?? { parcels: 0, returns: 0 };
    const known = booked.get(order) ?? { parcels: 0, returns: 0 };
    if (labels.parcels !== known.parcels || labels.returns !== known.returns) {
      const isLeft = atLoss?.labels.get(order) === `${labels.parcels} ${labels.returns}`;
      (isLeft ? leftByLost : findings).push(
        `${order}: the carrier sold ${labels.parcels} labels and ${labels.returns} for returns, we shipped ${known.parcels} and ${known.returns}.`,
      );
    }
  }
  return { doubled: findings.length, findings, leftByLost };
}

function countLabels(
  labels: readonly Label[],
  counts: (orderId: string) => boolean,
): ReadonlyMap<string, { readonly parcels: number; readonly returns: number }> {
  const bought = new Map<string, { parcels: number; returns: number }>();
  for (const { orderReference, voided, isReturn } of labels) {
    if (orderReference === null || voided || !counts(orderReference)) continue;
    const count = bought.get(orderReference) ?? { parcels: 0, returns: 0 };
    if (isReturn) count.returns += 1;
    else count.parcels += 1;
    bought.set(orderReference, count);
  }
  return bought;
}

/**
 * Calls to the payment provider that we do not know of. Several authorisations are right where a change has
 * made the order dearer.
 */
export function doubledMoney(
  payments: readonly PaymentTotals[],
  charges: readonly Charge[],
): readonly { readonly orderId: string; readonly theirs: string; readonly text: string }[] {
  const paymentOf = new Map(payments.map((payment) => [payment.orderId, payment]));
  return charges.flatMap(({ orderId, authorizations, authorized, captured, refunded }) => {
    const payment = paymentOf.get(orderId);
    const ours = {
      authorizations: payment?.authorizations ?? 0,
      authorized: payment?.authorizedMinor ?? 0,
      captured: payment?.capturedMinor ?? 0,
      refunded: payment?.refundedMinor ?? 0,
    };
    const theirs = { authorizations, authorized, captured, refunded };
    if (isDeepStrictEqual(ours, theirs)) return [];
    const text = `${orderId}: the payment provider has ${inWords(theirs)}, we have ${inWords(ours)}.`;
    return [{ orderId, theirs: inWords(theirs), text }];
  });
}

function inWords(sums: Omit<Charge, "orderId">): string {
  const { authorizations, authorized, captured, refunded } = sums;
  return `authorised ${authorized} in ${authorizations} calls, captured ${captured} and refunded ${refunded}`;
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
