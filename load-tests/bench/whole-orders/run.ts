/**
 * `npm run bench -- orders`: joins the parts of the bench of whole orders; each part says what it does.
 */
import { mkdtemp } from "node:fs/promises";
import { closeOnSignal, commitOf } from "../conditions.ts";
import { describeMachine, probeFsync } from "../machine.ts";
import { type Options, wants, wantsBaseline } from "../options.ts";
import { describeLeftOut, type LeftOut } from "../programs.ts";
import { ServerRoom } from "../servers/servers.ts";
import { probeStalls } from "../stalls.ts";
import { ORDER_POSITIONS } from "../systems/channel-orders.ts";
import { auditOrders, type OrdersAudit } from "./audit.ts";
import { type Beside, ReservationsBeside } from "./beside.ts";
import { measureCapture } from "./capture.ts";
import { type CompleteOrders, CompleteOrdersRun } from "./complete-orders.ts";
import type { OrdersResult } from "./evidence.ts";
import { type NaiveSaga, runNaiveSaga } from "./naive-saga/run.ts";
import { orderFailuresOf, orderFiguresOf } from "./order-figures.ts";
import { OrderSender, plainOrders } from "./order-sender.ts";
import { OrderSystem } from "./order-system.ts";
import { type OrdersPlan, planOfOrders } from "./plan.ts";
import { NotFetched, VENDURE_VERSION } from "./vendure/fetch.ts";
import { runVendure, type VendurePeer } from "./vendure/run.ts";

type Running = Set<{ stop(): Promise<void> }>;

export async function benchOrders(options: Options, note: (text: string) => void): Promise<OrdersResult> {
  const startedAt = new Date();
  const plan = planOfOrders(options.quick, options.rounds);
  // Not /tmp, which may be memory: what is measured is a disk.
  const folder = await mkdtemp("/var/tmp/holdfast-bench-");
  const machine = await describeMachine(folder);
  const room = new ServerRoom(folder, ORDER_POSITIONS);
  /** What runs beside the room's servers, so that an interrupted run leaves nothing behind. */
  const running: Running = new Set();
  const interrupted = closeOnSignal({
    close: async () => {
      for (const system of running) await system.stop();
      await room.close();
    },
  });
  try {
    const fsync = probeFsync(folder, plan.fsyncMs);
    const stalls = await probeStalls(plan.stallsMs);
    const whole = wants(options, "complete")
      ? await completeOrders(folder, plan, wants(options, "beside"), running, note)
      : { complete: null, beside: null, audit: null };
    const capture = wants(options, "capture") ? await measureCapture(room, folder, plan.capture, note) : null;
    const naiveSaga = await measureNaiveSaga(options, plan, room, folder, whole.complete, note);
    const { vendure, leftOut } = await measureVendure(options, plan, room, folder, running, note);
    const evidence = { ...whole, capture, naiveSaga, vendure };
    return {
      name: options.name,
      form: options.only !== null ? "partial" : options.quick ? "quick" : "full",
      startedAt: startedAt.toISOString(),
      seconds: (Date.now() - startedAt.getTime()) / 1_000,
      commit: commitOf(),
      machine,
      postgresVersion: room.postgresVersion ?? whole.complete?.postgresVersion ?? null,
      fsync,
      stalls,
      leftOut,
      figures: orderFiguresOf(evidence),
      failures: orderFailuresOf(evidence),
      ...evidence,
    };
  } finally {
    interrupted.off();
    await room.close();
  }
}

async function completeOrders(
  folder: string,
  { plannedOrders, complete: plan, beside: besidePlan }: OrdersPlan,
  wantsBeside: boolean,
  running: Running,
  note: (text: string) => void,
): Promise<{
  readonly complete: CompleteOrders;
  readonly beside: Beside | null;
  readonly audit: OrdersAudit;
}> {
  note("complete orders: starting the whole system");
  const { sendings, demand } = plainOrders(plannedOrders);
  const system = await OrderSystem.start(folder);
  running.add(system);
  let reservations: ReservationsBeside | null = null;
  try {
    // Before anything moves: the read model is a moment behind the engine.
    const before = await system.books();
    await system.receive(demand);
    reservations = wantsBeside ? await ReservationsBeside.open(system, folder, besidePlan) : null;
    const sender = new OrderSender(system.stream, sendings);
    const run = new CompleteOrdersRun(system, sender, plan, note);
    await run.warmUp();
    const alone = await run.alone();
    note(`alone: ${alone.p50Ms} ms until it is on the floor, in the median of ${alone.orders}`);
    const reservedAlone = (await reservations?.measure()) ?? [];
    const fixed = await run.atFixedRate();
    note(`at ${plan.fixedPerMinute} a minute: p95 ${fixed.atFixedRate.p95Ms} ms until they are on the floor`);
    const { sustained, orders, beside } = await run.sustained(
      async () => (await reservations?.measure()) ?? [],
    );
    const drainSeconds = await run.drain();
    const stagesSustained = await run.stages(orders);
    const saga = await run.sagaCost();
    const audit = await auditOrders(system, before, sender.sent);
    note(`audit of ${audit.orders} orders: ${audit.oversold} oversold, ${audit.doubled} doubled`);
    return {
      complete: {
        postgresVersion: await system.postgresVersion(),
        alone,
        fixedPerMinute: plan.fixedPerMinute,
        ...fixed,
        depth: plan.depth,
        sustained,
        stagesSustained,
        saga,
        drainSeconds,
      },
      beside:
        reservations === null
          ? null
          : {
              rate: besidePlan.rate,
              alone: reservedAlone,
              besideOrders: beside,
              audit: await reservations.audit(),
            },
      audit,
    };
  } finally {
    await reservations?.close();
    running.delete(system);
    await system.stop();
  }
}

/** With as many steps as the real saga's: its regular and its local activities. */
async function measureNaiveSaga(
  options: Options,
  { naiveSaga }: OrdersPlan,
  room: ServerRoom,
  folder: string,
  complete: CompleteOrders | null,
  note: (text: string) => void,
): Promise<NaiveSaga | null> {
  if (complete === null || !wantsBaseline(options, "naive-saga")) return null;
  const measured = await runNaiveSaga(room, folder, naiveSaga, Math.round(complete.saga.steps));
  note(`naive saga of ${measured.steps} steps: ${Math.round(measured.perMinute)} orders a minute`);
  return measured;
}

/** Left out where the registry does not give it: nothing else depends on it. */
async function measureVendure(
  options: Options,
  { plannedOrders, vendure: plan }: OrdersPlan,
  room: ServerRoom,
  folder: string,
  running: Running,
  note: (text: string) => void,
): Promise<{ readonly vendure: VendurePeer | null; readonly leftOut: readonly LeftOut[] }> {
  if (!wantsBaseline(options, "vendure")) return { vendure: null, leftOut: [] };
  const planned = plainOrders(plannedOrders).sendings.map((sending) => sending.planned);
  try {
    return { vendure: await runVendure(room, folder, plan, planned, running, note), leftOut: [] };
  } catch (error) {
    if (!(error instanceof NotFetched)) throw error;
    const leftOut = { title: `Vendure ${VENDURE_VERSION}`, because: error.message };
    note(describeLeftOut(leftOut));
    return { vendure: null, leftOut: [leftOut] };
  }
}
