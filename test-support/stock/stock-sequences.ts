/**
 * Sequences of stock commands for property tests: every command, over few names. Most steps aim at something
 * that exists (a hold that has units to pick, a transfer in transit, serials on the shelf), because a
 * sequence of refusals tests little.
 */
import fc from "fast-check";
import { DISPOSITIONS, type StockCommand, type Tracking } from "../../actors/commands.ts";
import type { ReferenceSku } from "../../actors/reference/reference-model.ts";

export const SKU = "A";
export const LOCATIONS = ["east", "west", "north"] as const;
export const LOT_DATES: Readonly<Record<string, number>> = { L1: 25, L2: 60, L3: 0 };
const SERIALS = Array.from({ length: 30 }, (_, index) => `S${index}`);

type Body = { readonly type: StockCommand["type"] } & Record<string, unknown>;

export type Step = {
  readonly body: Body;
  readonly locationId: string;
  /** How much later than the step before, in milliseconds. */
  readonly laterMs: number;
  /** Whether the command before this one is sent again as well. */
  readonly repeated: boolean;
  readonly lot: string;
  readonly serials: readonly string[];
  /**
   * Whether the command is about something that exists, and names lots and serials as the SKU's tracking
   * requires; otherwise random.
   */
  readonly aimed: boolean;
  /** Which of the things that exist. */
  readonly aim: number;
};

const units = fc.integer({ min: 1, max: 5 });
const holdId = fc.constantFrom("h1", "h2", "h3", "h4");
const pool = fc.constantFrom(undefined, undefined, "web", "shop");
const expiresAtMs = fc.constantFrom(0, 0, 8, 20, 40);
const reason = fc.constantFrom("damaged", "inspection");
const reference = fc.constantFrom("po1", "t1");
const is = <T extends StockCommand["type"]>(type: T) => fc.constant(type);

const body = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: is("receive"), quantity: units }) },
  fc.record({ type: is("receive"), quantity: units, reference }),
  fc.record({ type: is("expect"), reference, quantity: units, dueAtMs: fc.constantFrom(0, 50) }),
  fc.record({ type: is("cancel-expected"), reference }),
  fc.record({
    type: is("return-receive"),
    quantity: units,
    disposition: fc.constantFrom(...DISPOSITIONS),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: is("adjust"),
      delta: fc.integer({ min: -6, max: 6 }).filter((delta) => delta !== 0),
      reason: fc.constant("count"),
      unavailableReason: fc.constantFrom(undefined, undefined, "damaged", "expired"),
    }),
  },
  fc.record({
    type: is("adjust"),
    delta: fc.constantFrom(-1, 2),
    reason: fc.constant("count"),
    expectedOnHand: fc.nat({ max: 9 }),
  }),
  fc.record({
    type: is("count"),
    countId: fc.constantFrom("n1", "n2"),
    counted: fc.nat({ max: 9 }),
    reason: fc.constant("cycle count"),
    threshold: fc.constantFrom(0, 1, 3, 99),
    expectedOnHand: fc.option(fc.nat({ max: 9 }), { nil: undefined, freq: 4 }),
  }),
  fc.record({
    type: fc.constantFrom("approve-count" as const, "reject-count" as const),
    countId: fc.constantFrom("n1", "n2"),
  }),
  fc.record({ type: is("set-safety-stock"), quantity: fc.nat({ max: 3 }) }),
  fc.record({
    type: is("set-pool"),
    pool: fc.constantFrom("web", "shop"),
    kind: fc.constantFrom("shared", "ring-fenced", "capped"),
    units: fc.nat({ max: 5 }),
  }),
  fc.record({ type: is("set-tracking"), tracking: fc.constantFrom("none", "lot", "serial") }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: is("transfer-out"),
      transferId: fc.constantFrom("t1", "t2"),
      toLocationId: fc.constantFrom(...LOCATIONS),
      quantity: units,
      dueAtMs: fc.constant(0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: is("transfer-in"),
      transferId: fc.constantFrom("t1", "t2"),
      quantity: fc.nat({ max: 4 }),
      close: fc.constantFrom(undefined, true),
    }),
  },
  fc.record({
    type: fc.constantFrom("quarantine" as const, "release-quarantine" as const),
    quantity: units,
    reason,
  }),
  { weight: 6, arbitrary: fc.record({ type: is("reserve"), holdId, quantity: units, expiresAtMs, pool }) },
  fc.record({ type: is("claim"), lane: fc.constant("lane"), number: fc.constant(1), holdId }),
  fc.record({ type: is("extend"), holdId, expiresAtMs }),
  { weight: 3, arbitrary: fc.record({ type: is("allocate"), holdId }) },
  fc.record({
    type: fc.constantFrom("release" as const, "deallocate" as const),
    holdId,
    quantity: fc.option(units, { nil: undefined }),
  }),
  fc.record({ type: is("deallocate"), holdId, quantity: units, of: fc.constant("picked" as const) }),
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom("pick" as const, "ship" as const),
      holdId,
      quantity: units,
    }),
  },
  fc.record({
    type: is("short-pick"),
    holdId,
    missing: units,
    reason,
    effect: fc.constantFrom("none", "write-off", "quarantine"),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      type: is("enqueue-demand"),
      holdId: fc.constantFrom("h3", "h4", "d1", "d2", "d3"),
      orderId: fc.constantFrom("", "o1"),
      lineId: fc.constant("1"),
      quantity: units,
      priority: fc.constantFrom(0, 0, -1, 2),
      kind: fc.constantFrom("backorder", "pre-order"),
      notBeforeMs: fc.constantFrom(0, 0, 15, 45),
      pool,
    }),
  },
  fc.record({ type: is("cancel-demand"), holdId: fc.constantFrom("h3", "d1", "d2", "d3") }),
);

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    body: body as fc.Arbitrary<Body>,
    locationId: fc.constantFrom(...LOCATIONS),
    laterMs: fc.constantFrom(0, 0, 1, 4),
    repeated: fc.boolean(),
    lot: fc.constantFrom(...Object.keys(LOT_DATES)),
    serials: fc.shuffledSubarray(SERIALS),
    aimed: fc.integer({ min: 0, max: 9 }).map((draw) => draw > 1),
    aim: fc.nat({ max: 999 }),
  }),
  { minLength: 20, maxLength: 70, size: "max" },
);

/** The command of a step, on a SKU in the state of `model`. */
export function commandOf(step: Step, index: number, nowMs: number, model: ReferenceSku): StockCommand {
  const { body: fields, locationId, serials, aimed } = step;
  const command: Fields = {
    commandId: `c${index}`,
    sku: SKU,
    locationId: isDemand(fields.type) && serials.length % 2 === 0 ? "*" : locationId,
    atMs: nowMs,
    cause: "test",
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  };
  if (aimed) aimAt(command, step, model);
  if (fields.type === "transfer-out" && command["toLocationId"] === command["locationId"]) {
    command["toLocationId"] = LOCATIONS.find((each) => each !== command["locationId"]);
  }
  if (fields.type === "transfer-in" && command["quantity"] === 0) command["close"] = true;
  if (fields["disposition"] !== "scrapped" || !aimed) nameUnits(command, step, model);
  return command as unknown as StockCommand;
}

type Fields = Record<string, unknown>;

function aimAt(command: Fields, step: Step, model: ReferenceSku): void {
  const type = step.body.type;
  const part = PART_OF[type];
  if (part !== undefined) {
    const holds = model.holds.filter((hold) => model.unitsOf(hold.id, hold.at, part || undefined).length > 0);
    const hold = one(holds, step.aim);
    if (hold === undefined) return;
    command["holdId"] = hold.id;
    command["locationId"] = hold.at;
    const there = model.unitsOf(hold.id, hold.at, part || undefined).length;
    for (const field of ["quantity", "missing"]) {
      if (field in command) command[field] = 1 + (Number(command[field]) % there);
    }
    return;
  }
  if (type === "transfer-in") {
    const unit = one(
      model.units.filter((each) => each.transfer !== ""),
      step.aim,
    );
    if (unit === undefined) return;
    const there = model.units.filter((each) => each.transfer === unit.transfer && each.at === unit.at).length;
    Object.assign(command, {
      transferId: unit.transfer,
      locationId: unit.at,
      quantity: Number(command["quantity"]) % (there + 1),
    });
  } else if (type === "transfer-out" || type === "quarantine") {
    const free = one(
      model.units.filter((unit) => unit.transfer === "" && unit.hold === "" && !unit.apart),
      step.aim,
    );
    if (free !== undefined) command["locationId"] = free.at;
  } else if (type === "release-quarantine" || (type === "adjust" && "unavailableReason" in command)) {
    const apart = [...model.reasons].flatMap(([at, reasons]) =>
      [...reasons].map(([reason, units]) => ({ at, reason, units })),
    );
    const some = one(apart, step.aim);
    if (some === undefined) return;
    command["locationId"] = some.at;
    if (type === "adjust") Object.assign(command, { unavailableReason: some.reason });
    else Object.assign(command, { reason: some.reason, quantity: 1 + (step.aim % some.units) });
  } else if (type === "approve-count" || type === "reject-count") {
    const count = one(model.counts, step.aim);
    if (count !== undefined) Object.assign(command, { countId: count.id, locationId: count.at });
  } else if (type === "count") {
    const there = model.buckets(String(command["locationId"])).onHand;
    command["counted"] = Math.max(0, there + (step.aim % 5) - 2);
  } else if (type === "cancel-demand") {
    const entry = one(model.queue, step.aim);
    if (entry !== undefined) Object.assign(command, { holdId: entry.id, locationId: entry.at });
  }
  if ("expectedOnHand" in command && step.aim % 2 === 0) {
    command["expectedOnHand"] = model.buckets(String(command["locationId"])).onHand;
  }
}

function nameUnits(command: Fields, step: Step, model: ReferenceSku): void {
  const { body: fields, aim, aimed, serials } = step;
  const { type } = fields;
  const at = String(command["locationId"]);
  const named: Tracking | undefined = aimed
    ? model.tracking
    : (["none", "lot", "serial"] as const)[serials.length % 3];
  const isArrival = ARRIVALS.has(type) || (type === "adjust" && Number(command["delta"]) > 0);
  if (named === "lot" && NAMES_LOT.has(type)) {
    const there = model.units.filter((unit) => unit.at === at && unit.transfer === "" && unit.lot !== "");
    const lot = aimed && !isArrival ? (one(there, aim)?.lot ?? step.lot) : step.lot;
    const mayBeLeftOut = LOT_MAY_BE_LEFT_OUT.has(type);
    if (aimed ? !mayBeLeftOut || aim % 3 === 0 : serials.length % 2 === 0) command["lot"] = lot;
    if (isArrival) command["lotExpiresAtMs"] = aimed ? LOT_DATES[lot] : 77;
    if (aimed && type === "count") {
      const ofLot = there.filter((unit) => unit.lot === lot).length;
      command["counted"] = Math.max(0, ofLot + (aim % 5) - 2);
    }
  }
  if (named !== "serial" || !NAMES_SERIALS.has(type)) return;
  const quantity = Number(command["quantity"] ?? command["missing"] ?? Math.abs(Number(command["delta"])));
  if (type === "deallocate" && fields["of"] === undefined) return;
  const isPicked = type === "ship" || type === "deallocate";
  const state = isPicked ? "picked" : type === "transfer-in" ? "in-transit" : "stocked";
  const here = model.serials.filter(
    (serial) =>
      serial.at === at &&
      (type === "release-quarantine" || "unavailableReason" in command
        ? serial.state === "set-apart"
        : serial.state === state) &&
      (!isPicked || serial.hold === command["holdId"]) &&
      (type !== "transfer-in" || serial.transfer === command["transferId"]),
  );
  const fresh = SERIALS.filter((serial) => !model.serials.some((each) => each.serial === serial));
  const pool = !aimed ? serials : isArrival ? fresh : here.map((serial) => serial.serial);
  if (type === "count") {
    const found = aimed ? [...pool.slice(aim % 3), ...fresh.slice(0, aim % 2)] : serials.slice(0, 3);
    command["serials"] = found;
    command["counted"] = found.length;
    return;
  }
  const mayBeLeftOut = isPicked || type === "transfer-in" || type === "release-quarantine";
  if (aimed && mayBeLeftOut && aim % 3 === 0) return;
  command["serials"] = pool.slice(0, quantity);
}

function one<T>(candidates: readonly T[], aim: number): T | undefined {
  return candidates[aim % Math.max(1, candidates.length)];
}

/** What a hold must have for the command to do something; empty: anything. */
const PART_OF: Partial<Record<StockCommand["type"], "reserved" | "allocated" | "picked" | "">> = {
  extend: "reserved",
  release: "reserved",
  allocate: "reserved",
  deallocate: "",
  pick: "allocated",
  "short-pick": "allocated",
  ship: "picked",
};

const ARRIVALS = new Set<string>(["receive", "return-receive"]);

const LOT_MAY_BE_LEFT_OUT = new Set<string>([
  "transfer-in",
  "transfer-out",
  "quarantine",
  "release-quarantine",
]);

const NAMES_LOT = new Set<string>([
  "receive",
  "return-receive",
  "adjust",
  "count",
  "transfer-out",
  "transfer-in",
  "quarantine",
  "release-quarantine",
]);

const NAMES_SERIALS = new Set<string>([...NAMES_LOT, "pick", "ship", "short-pick", "deallocate"]);

function isDemand(type: string): boolean {
  return type === "enqueue-demand" || type === "cancel-demand";
}
