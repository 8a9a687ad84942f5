/**
 * Every order can still end: people and machines do what each order waits for, and then all of it is over.
 */
import { releasePart } from "../../operations/fulfillment/hold-part.ts";
import { openPart } from "../../operations/fulfillment/schedule-part.ts";
import { releaseHold } from "../../operations/holds/release-hold.ts";
import { declineReturn } from "../../operations/returns/decide-return.ts";
import { closeReturn } from "../../operations/returns/end-return.ts";
import { retryReturn } from "../../operations/returns/retry-return.ts";
import { findingsOf } from "./audit.ts";
import type { Sequence } from "./sequence.ts";
import { STEPS } from "./steps.ts";
import { LOCATIONS } from "./world.ts";

/** Rounds after which an order that has not ended never will. */
const ROUNDS = 60;

const HELPFUL = [
  "pick",
  "pack",
  "carrier",
  "receive return",
  "inspect return",
  "settle failed refund",
  "dispute ends",
];

export async function finishing(sequence: Sequence, isOver: () => boolean): Promise<readonly string[]> {
  const { world, story } = sequence;
  world.books.declinesNext.clear();
  world.books.refusesNext.clear();
  for (const sku of sequence.skus)
    for (const locationId of LOCATIONS) await sequence.stockUp(sku, locationId, 30);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await sequence.deliver(true);
    await sequence.refresh();
    const findings = await findingsOf(sequence);
    if (findings.length > 0 || isOver()) return findings;
    if (sequence.running.length === 0) return ended(sequence);
    // What is tried again after a while is tried now.
    for (const run of sequence.running) run.passTime();
    await sequence.settle();
    for (const step of STEPS) {
      if (!HELPFUL.includes(step.name)) continue;
      const said = await step.run(sequence);
      if (said !== null) story.push(`end ${round}. ${step.name}: ${said}`);
    }
    for (const order of sequence.orders) {
      for (const { id, status } of order.fulfillmentOrders) {
        const input = { fulfillmentOrderId: id, by: "staff:model", key: sequence.key("end") };
        if (status === "on_hold") await releasePart(world.context, input);
        if (status === "scheduled") await openPart(world.context, input);
      }
      if (order.status === "on_hold") {
        const outcome = await releaseHold(world.context, { orderId: order.id, by: "staff:model" });
        story.push(
          `end ${round}. release ${order.id} (${order.holds.join(", ")}): ${JSON.stringify(outcome)}`,
        );
      }
      for (const { id: returnId, status } of order.returns) {
        if (status === "refunded" || status === "declined" || status === "cancelled") continue;
        if (status === "requested")
          await declineReturn(world.context, { returnId, why: "model", by: "staff:model" });
        await closeReturn(world.context, { returnId, by: "staff:model" });
        if (status === "inspected") await retryReturn(world.context, { returnId, by: "staff:model" });
      }
    }
  }
  return [
    `every order can end: ${JSON.stringify(
      sequence.orders
        .filter((order) => sequence.isRunning(order.id))
        .map(({ document: _, ...order }) => order),
    )} ${JSON.stringify(sequence.orders.flatMap((order) => order.returns))} ${sequence.standing.join(", ")}`,
  ];
}

async function ended(sequence: Sequence): Promise<readonly string[]> {
  const open = sequence.orders.filter(({ status }) => status !== "completed" && status !== "cancelled");
  const findings = open.map(
    (order) =>
      `an order whose saga has ended is over: ${order.id} is ${order.status}, ${order.paymentStatus}, captured ${order.captured} of ${order.document.total.minor}, ${JSON.stringify(order.lines)}; ${sequence.standing.join(", ")}`,
  );
  const positions = await sequence.world.engine.client.positions(sequence.skus);
  for (const { sku, locationId, reserved, allocated, picked } of positions) {
    if (reserved + allocated + picked > 0)
      findings.push(
        `nothing is held when all is over: ${sku} at ${locationId} ${reserved}/${allocated}/${picked}`,
      );
  }
  return findings;
}
