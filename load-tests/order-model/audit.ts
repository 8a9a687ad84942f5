/**
 * What must hold of a sequence after every step, whatever has happened: the product's books against the
 * model's own account, in the promises named here. Each finding begins with the promise that it breaks.
 */
import type { BookedLine, BookedOrder } from "./books.ts";
import { orderLevel, priceOf, worthOf } from "./reference-order.ts";
import { CATALOG_PRICE, type Sequence } from "./sequence.ts";
import { CHANNELS } from "./world.ts";

/** Cents that rounding may come to: one for each cut of a line. */
const ROUNDING = 6;

export async function findingsOf(sequence: Sequence): Promise<readonly string[]> {
  const { books } = sequence.world;
  const excess = books.excesses.filter((one) => sequence.orderIds.some((id) => one.startsWith(`${id}:`)));
  return [
    ...sequence.broken,
    ...sequence.failed.map((failure) => `a saga fails only where a person can help: ${failure}`),
    ...excess.map((one) => `nobody asks the provider for more than there is: ${one}`),
    ...sequence.orders.flatMap((order) => [
      ...ledgerFindings(order),
      ...shippingFindings(sequence, order),
      ...moneyFindings(sequence, order),
      ...substituteFindings(sequence, order),
    ]),
    ...(await stockFindings(sequence)),
  ];
}

function ledgerFindings(order: BookedOrder): readonly string[] {
  return order.lines.flatMap((line) => {
    const wanted = line.ordered - line.cancelled - line.elsewhere;
    const holds: readonly (readonly [string, boolean])[] = [
      ["no quantity is below zero", Object.values(line).every((n) => typeof n !== "number" || n >= 0)],
      ["no more is shipped than is wanted", line.shipped <= wanted],
      ["no more is delivered than shipped", line.delivered <= line.shipped],
      ["no more is allocated than is wanted", line.allocated <= wanted && line.fulfilled <= wanted],
      [
        "no more is announced for return than shipped",
        line.returnRequested - line.returnDismissed <= line.shipped,
      ],
      [
        "no more comes back than was announced",
        line.returnReceived + line.returnDismissed <= line.returnRequested,
      ],
    ];
    return holds.flatMap(([promise, isKept]) =>
      isKept ? [] : [`${promise}: ${order.id} ${JSON.stringify(line)}`],
    );
  });
}

/** What is sent in the place of a line was allowed there, and costs the lower of both prices. */
function substituteFindings(sequence: Sequence, { id, lines }: BookedOrder): readonly string[] {
  return lines.flatMap((line) => {
    if (line.substituteFor === null) return [];
    const at = `${id} line ${line.lineId} ${JSON.stringify(line)}`;
    const ordered = lines.find(({ lineId }) => lineId === line.substituteFor);
    const price = Math.min(ordered?.unitPriceMinor ?? 0, CATALOG_PRICE);
    return [
      ...(sequence.takesSubstitutes.has(`${id}/${line.substituteFor}`)
        ? []
        : [`nothing is sent in the place of what may only be itself: ${at}`]),
      ...(line.unitPriceMinor === price
        ? []
        : [`a substitute costs no more than what was ordered: ${at}, ${price} expected`]),
    ];
  });
}

/** The ledger counts what the model has told the floor to pick, of the parcels that have left. */
function shippingFindings(sequence: Sequence, order: BookedOrder): readonly string[] {
  const shipped = unitsShipped(sequence, order);
  const findings = order.lines.flatMap((line) =>
    line.shipped === (shipped.get(line.lineId) ?? 0)
      ? []
      : [
          `the ledger counts what was picked and left: ${order.id} line ${line.lineId} says ${line.shipped}, ${shipped.get(line.lineId) ?? 0} left`,
        ],
  );
  const parcels = order.shipments.filter((one) => one.returnId === null && one.shipped);
  const twice = parcels.length - new Set(parcels.map((one) => one.fulfillmentOrderId)).size;
  return twice === 0 ? findings : [...findings, `no fulfillment order leaves twice: ${order.id}`];
}

function unitsShipped(sequence: Sequence, order: BookedOrder): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const parcel of order.shipments) {
    if (!parcel.shipped || parcel.fulfillmentOrderId === null || parcel.returnId !== null) continue;
    for (const { lineId, quantity } of sequence.picked.get(parcel.fulfillmentOrderId)?.values() ?? []) {
      units.set(lineId, (units.get(lineId) ?? 0) + quantity);
    }
  }
  return units;
}

const unitsOf = (order: BookedOrder, of: (line: BookedLine) => number): ReadonlyMap<string, number> =>
  new Map(order.lines.map((line) => [line.lineId, of(line)]));

function moneyFindings(sequence: Sequence, order: BookedOrder): readonly string[] {
  const { document, captured, refunded } = order;
  const findings: string[] = [];
  const at = `${order.id} (${order.status}, captured ${captured}, refunded ${refunded})`;
  const books = sequence.world.books.sumsOf(order.id);
  if (books.captured !== captured || books.refunded !== refunded) {
    findings.push(`our books say what the provider's say: ${at}, the provider ${JSON.stringify(books)}`);
  }
  // What others have handed over is charged as well.
  const anyShipped = order.lines.some((line) => line.shipped + line.elsewhere > 0);
  const earned =
    worthOf(
      document,
      unitsOf(order, (line) => line.shipped + line.elsewhere),
    ) + (anyShipped ? orderLevel(document) : 0);
  if (captured > earned + ROUNDING)
    findings.push(`no more is captured than was shipped: ${at}, shipped ${earned}`);
  const lost = sequence.world.books.lostOf(order.id);
  if (refunded + lost > captured)
    findings.push(`no more is refunded than was captured: ${at}, the bank took ${lost}`);
  findings.push(...refundFindings(sequence, order, lost));
  const back = worthOf(
    document,
    unitsOf(order, (line) => sequence.cameBack.get(`${order.id}/${line.lineId}`) ?? 0),
  );
  const owed = back + (sequence.goodwill.get(order.id) ?? 0);
  if (refunded > owed + ROUNDING)
    findings.push(`no more is refunded than came back: ${at}, came back ${owed}`);
  if (order.status === "completed") {
    const open = order.lines.filter(
      (line) =>
        line.ordered -
          line.cancelled -
          line.elsewhere -
          line.delivered -
          Math.min(line.writtenOff, line.shipped - line.delivered) !==
        0,
    );
    if (open.length > 0) findings.push(`a completed order has no unit left: ${at} ${JSON.stringify(open)}`);
    if (order.id.startsWith(`${CHANNELS.charged}-`)) {
      if (Math.abs(captured - earned) > ROUNDING)
        findings.push(`a completed order is paid for what was shipped: ${at}, shipped ${earned}`);
      const isWhole = order.lines.every((line) => line.shipped === line.ordered);
      if (isWhole && captured - order.corrected !== priceOf(document))
        findings.push(`an order shipped whole is captured to the cent: ${at}, total ${priceOf(document)}`);
    }
  }
  return findings;
}

/**
 * Refunds and disputes that were there when an order ended are over; what the bank took is on finance's list.
 */
function refundFindings(sequence: Sequence, order: BookedOrder, lost: number): readonly string[] {
  const { id, refunds } = order;
  const isOpen = ({ status }: { readonly status: string }) =>
    status === "requested" || status === "pending" || status === "failed";
  const open = refunds.filter((refund) => refund.isBeforeEnd && isOpen(refund));
  const empty = refunds.filter(
    ({ status, amount, returnId }) => status === "done" && amount === 0 && returnId === null,
  );
  const owed = refunds
    .filter(({ reason, status }) => reason === "dispute_lost" && status !== "withdrawn")
    .reduce((sum, { asked }) => sum + asked, 0);
  const isToBeOwed = sequence.isQuiet && order.status === "completed";
  return [
    ...open.map((refund) => `an order ends after its refunds: ${id} ${JSON.stringify(refund)}`),
    ...(order.openDisputesBeforeEnd > 0 ? [`an order ends after its disputes: ${id}`] : []),
    ...empty.map((refund) => `no refund is one of nothing: ${id} ${JSON.stringify(refund)}`),
    ...(owed > lost || (isToBeOwed && owed < lost - ROUNDING)
      ? [`what the bank took is on finance's list: ${id}, ${owed} listed, ${lost} taken`]
      : []),
  ];
}

async function stockFindings(sequence: Sequence): Promise<readonly string[]> {
  takeOffShelves(sequence);
  const positions = await sequence.world.engine.client.positions(sequence.skus);
  const findings: string[] = [];
  for (const sku of sequence.skus) {
    const own = positions.filter((position) => position.sku === sku);
    const shelves = [...sequence.shelves]
      .filter(([name]) => name.startsWith(`${sku}@`))
      .map(([, shelf]) => shelf);
    const sum = (of: (position: (typeof own)[number]) => number) =>
      own.reduce((total, position) => total + of(position), 0);
    const expected = shelves.reduce((total, shelf) => total + shelf.onHand, 0);
    const { back, maybe } = sequence.putBack(sku);
    const onHand = sum((position) => position.onHand);
    if (onHand < expected + back || onHand > expected + back + maybe)
      findings.push(
        `stock is conserved: ${sku} has ${onHand} on hand, ${expected + back} to ${expected + back + maybe} expected`,
      );
    const promised = sum((position) => position.reserved + position.allocated + position.picked);
    const wanted = sequence.orders
      .flatMap((order) => (order.status === "cancelled" ? [] : order.lines))
      .reduce(
        (total, line) => (line.sku === sku ? total + line.ordered - line.cancelled - line.shipped : total),
        0,
      );
    if (sequence.isQuiet && promised > wanted)
      findings.push(`no unit is held that no order wants: ${sku} holds ${promised}, wanted ${wanted}`);
    for (const { locationId, ...position } of own) {
      const free =
        position.onHand - position.reserved - position.allocated - position.picked - position.unavailable;
      if (free < 0) findings.push(`nothing is oversold: ${sku} at ${locationId} ${JSON.stringify(position)}`);
    }
  }
  return findings;
}

/** Parcels that have left since the last look take their units with them. */
function takeOffShelves(sequence: Sequence): void {
  for (const order of sequence.orders) {
    for (const parcel of order.shipments) {
      const id = parcel.fulfillmentOrderId;
      if (!parcel.shipped || id === null || sequence.left.has(id)) continue;
      sequence.left.add(id);
      const fulfillmentOrder = order.fulfillmentOrders.find((one) => one.id === id);
      for (const [holdId, { quantity }] of sequence.picked.get(id) ?? []) {
        const line = fulfillmentOrder?.lines.find((one) => one.holdId === holdId);
        if (line !== undefined && fulfillmentOrder !== undefined)
          sequence.shelf(line.sku, fulfillmentOrder.locationId).onHand -= quantity;
      }
    }
  }
}
