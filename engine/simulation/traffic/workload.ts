/**
 * What the clients of one run ask for, operation by operation, from the seed.
 *
 * Few SKUs, few units and many clients that want them, so that shortage, contention and every state of a hold
 * come up often. Ids are reused only on purpose.
 */
import { ANY_LOCATION, type StockCommand } from "../../../actors/commands.ts";
import { LANE_CODE, LANE_KIND } from "../../../actors/lanes/lane-operations.ts";
import type { Random } from "../../../config/seeded-random.ts";
import type {
  AllocationPolicy,
  OrderReservation,
  OrderReservationRequest,
  SourcingLocation,
} from "../../allocator-client.ts";
import type { Answer, Ask, LaneStep, Operation } from "../audit/operation.ts";
import type { VirtualTime } from "../world/virtual-time.ts";
import type { Weather } from "../world/weather.ts";
import { LOCATIONS, LOT_SKU, MAX_LIFE_MS, POOLS, SKUS } from "./assortment.ts";
import { type Mutation, Warehouse } from "./warehouse.ts";

const POLICIES: readonly AllocationPolicy[] = [
  "all_or_nothing",
  "line_by_line",
  "ship_available",
  "ship_available_backorder_rest",
];

/** Other words set units apart as these do; a longer list would change every seed's day. */
const RETURNED_AS = ["restocked", "damaged", "inspection", "scrapped"] as const;

/** The newest holds, which clients go on with: older ones are mostly gone. */
const REMEMBERED_HOLDS = 24;

const LANE_LIFE_MS = 2_000;

type KnownHold = { readonly sku: string; readonly locationId: string; readonly holdId: string };

export class Workload {
  private readonly random: Random;
  private readonly time: VirtualTime;
  private readonly weather: Weather;
  private readonly skus: readonly string[];
  private readonly locations: readonly SourcingLocation[];
  private readonly holds: KnownHold[] = [];
  private readonly warehouse: Warehouse;
  private readonly acknowledged: StockCommand[] = [];
  private readonly opening: StockCommand[] = [];
  private readonly orderIds: string[] = [];
  private readonly laneSteps: { readonly lane: string; readonly step: LaneStep }[] = [];
  private nextCommand = 0;
  private nextReservation = 0;
  private nextDemand = 0;
  private issued = 0;

  constructor(random: Random, time: VirtualTime, weather: Weather) {
    this.random = random;
    this.time = time;
    this.weather = weather;
    this.skus = SKUS.slice(0, random.integer(2, SKUS.length));
    this.locations = LOCATIONS.slice(0, random.integer(1, LOCATIONS.length));
    this.warehouse = new Warehouse({
      random,
      time,
      weather,
      locationIds: this.locations.map(({ locationId }) => locationId),
      mutation: (sku, locationId) => this.mutation(sku, locationId),
    });
    for (const sku of this.skus) {
      for (const { locationId } of this.locations) {
        this.opening.push(this.receive(sku, locationId, random.integer(3, 20)));
      }
    }
    const [first] = this.locations;
    if (weather.lots && first !== undefined) {
      const base = this.mutation(LOT_SKU, first.locationId);
      this.opening.push({ ...base, type: "set-tracking", tracking: "lot" });
    }
  }

  get allSkus(): readonly string[] {
    return this.skus;
  }

  /** When the last lot with a date passes it; 0: there is no such lot. */
  get lastLotDateMs(): number {
    return this.warehouse.lastLotDateMs;
  }

  /** @param most number of operations that it may count as, at least 1. */
  next(most: number): Operation {
    this.issued += 1;
    return operation(this.issued, this.draw(most));
  }

  /** An operation that was not drawn: for the questions at the end of a run. */
  wrap(ask: Ask): Operation {
    this.issued += 1;
    return operation(this.issued, ask);
  }

  reserveOf(sku: string, locationId: string, quantity: number): StockCommand {
    const base = this.mutation(sku, locationId);
    return { ...base, type: "reserve", holdId: `h-${base.commandId}`, quantity, expiresAtMs: 0 };
  }

  /** Clients go on from the answers that they got. */
  learn(ask: Ask, answer: Answer): void {
    if (ask.kind === "execute" && answer.kind === "execute" && ask.flaw === "none") {
      for (const [index, command] of ask.commands.entries()) {
        this.acknowledged.push(command);
        if (command.type === "transfer-out") {
          this.warehouse.learn(command);
        }
        if (command.type === "reserve" && answer.outcomes[index]?.status === "applied") this.know(command);
      }
      if (this.acknowledged.length > REMEMBERED_HOLDS) this.acknowledged.splice(0, REMEMBERED_HOLDS / 2);
    } else if (answer.kind === "order") this.learnOrder(answer.reservation);
    else if (ask.kind === "lane" && answer.kind === "lane") {
      for (const [index, step] of ask.steps.entries()) {
        if (step.kind !== LANE_KIND.reserve || answer.codes[index] !== LANE_CODE.applied) continue;
        this.laneSteps.push({ lane: ask.lane, step });
        if (this.laneSteps.length > REMEMBERED_HOLDS) this.laneSteps.shift();
      }
    }
  }

  private learnOrder(reservation: OrderReservation): void {
    if (reservation.status === "reserved") for (const hold of reservation.holds) this.know(hold);
  }

  private know({ sku, locationId, holdId }: KnownHold): void {
    this.holds.push({ sku, locationId, holdId });
    if (this.holds.length > REMEMBERED_HOLDS) this.holds.shift();
  }

  private draw(most: number): Ask {
    const { random } = this;
    if (this.opening.length > 0) {
      const commands = this.opening.splice(-this.burst(most)).reverse();
      return { kind: "execute", commands, flaw: "none" };
    }
    if (random.chance(this.weather.lanes)) return this.lane(most);
    if (random.chance(this.weather.orders)) return this.changeOfOrder() ?? this.order();
    const choice = random.next();
    if (choice < 0.08) return { kind: "positions", skus: this.someSkus() };
    if (choice < 0.13) return { kind: "holds", address: this.address() };
    if (choice < 0.16) return { kind: "record", record: { id: `note-${this.issued}`, poison: false } };
    if (choice < 0.18) return this.invalid();
    // Once ids are forgotten, an impostor cannot be told from a new command.
    if (choice < 0.22 && !this.weather.longJumps) {
      const impostor = this.impostor();
      if (impostor !== null) return impostor;
    }
    return {
      kind: "execute",
      commands: Array.from({ length: this.burst(most) }, () => this.command()),
      flaw: "none",
    };
  }

  /** How many operations come in one call. */
  private burst(most: number): number {
    const { random, weather } = this;
    return random.chance(weather.bursts) ? Math.min(most, random.integer(2, weather.burstSize)) : 1;
  }

  private command(): StockCommand {
    const { random } = this;
    const known = this.holds.length === 0 || random.chance(0.1) ? null : random.pick(this.holds);
    const { sku, locationId } = this.address();
    if (random.chance(this.weather.warehouse)) return this.warehouse.command(sku, locationId);
    if (random.chance(this.weather.queues)) return this.demand(sku, locationId);
    const choice = random.next();
    if (choice < 0.08) return this.receive(sku, locationId, random.integer(1, 5));
    if (choice < 0.13) return this.adjustment();
    if (choice < 0.15) {
      return { ...this.mutation(sku, locationId), type: "set-safety-stock", quantity: random.below(4) };
    }
    if (choice < 0.18) {
      const disposition = random.pick(RETURNED_AS);
      return {
        ...this.mutation(sku, locationId),
        type: "return-receive",
        quantity: random.integer(1, 3),
        disposition,
      };
    }
    if (choice < 0.45 || known === null) return this.reserve();
    return this.onHold(known);
  }

  private reserve(): StockCommand {
    const { random } = this;
    const { sku, locationId } = this.address();
    const base = this.mutation(sku, locationId);
    return {
      ...base,
      ...(random.chance(this.weather.warehouse * 0.5) ? { pool: random.pick(POOLS) } : {}),
      type: "reserve",
      holdId: `h-${base.commandId}`,
      quantity: random.integer(1, 4),
      expiresAtMs: random.chance(this.weather.expiring)
        ? this.time.nowMs + random.integer(0, MAX_LIFE_MS)
        : 0,
    };
  }

  private onHold(hold: KnownHold): StockCommand {
    const { random } = this;
    const base = { ...this.mutation(hold.sku, hold.locationId), holdId: hold.holdId };
    const choice = random.next();
    if (choice < 0.06) {
      const claim = this.claim();
      if (claim !== null) return claim;
    }
    if (choice < 0.2) return { ...base, type: "release" };
    if (choice < 0.3)
      return { ...base, type: "extend", expiresAtMs: this.time.nowMs + random.integer(0, MAX_LIFE_MS) };
    if (choice < 0.5) return { ...base, type: "allocate" };
    if (choice < 0.58) return { ...base, type: "deallocate" };
    if (choice < 0.76) return { ...base, type: "pick", quantity: random.integer(1, 2) };
    if (choice < 0.84) {
      return {
        ...base,
        type: "short-pick",
        missing: 1,
        reason: "not on the shelf",
        effect: random.pick(["none", "write-off", "quarantine"] as const),
      };
    }
    return { ...base, type: "ship", quantity: random.integer(1, 2) };
  }

  /** A reservation of a lane gets a name of its own. */
  private claim(): StockCommand | null {
    if (this.laneSteps.length === 0) return null;
    const { lane, step } = this.random.pick(this.laneSteps);
    const base = this.mutation(step.sku, step.locationId);
    const holdId = `h-${base.commandId}`;
    this.know({ sku: step.sku, locationId: step.locationId, holdId });
    return { ...base, type: "claim", lane, number: step.number, holdId };
  }

  private adjustment(): StockCommand {
    const { random } = this;
    const { sku, locationId } = this.address();
    const delta = random.pick([-3, -2, -1, 1, 2]);
    const base = {
      ...this.mutation(sku, locationId),
      type: "adjust" as const,
      delta,
      reason: "counted again",
    };
    return random.chance(0.3) ? { ...base, expectedOnHand: random.below(20) } : base;
  }

  private order(): Ask {
    const { random } = this;
    const orderId = `o-${this.issued}`;
    this.orderIds.push(orderId);
    const lines = this.lines();
    const policy = random.pick(POLICIES);
    return {
      kind: "order",
      request: {
        orderId,
        lines,
        policy,
        ...this.restriction(policy),
        destination: random.chance(0.5) ? { latitude: 41, longitude: -87, country: "US" } : null,
        expiresAtMs: random.chance(this.weather.expiring * 0.5)
          ? this.time.nowMs + random.integer(50, MAX_LIFE_MS)
          : 0,
        atMs: this.time.nowMs,
        cause: orderId,
      },
      record: random.chance(0.7) ? { id: orderId, poison: random.chance(this.weather.poisonRecord) } : null,
    };
  }

  /**
   * Some orders are moved, or leave out the place that was short: they may only be reserved at some
   * locations.
   */
  private restriction(policy: AllocationPolicy): Pick<OrderReservationRequest, "locations"> {
    const { random } = this;
    if (policy === "ship_available_backorder_rest" || random.chance(0.85)) return {};
    const { locationId } = random.pick(this.locations);
    return { locations: random.chance(0.5) ? { only: [locationId] } : { except: [locationId] } };
  }

  private lines(): readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[] {
    const { random } = this;
    return Array.from({ length: random.integer(1, 4) }, (_, index) => ({
      lineId: String(index + 1),
      sku: random.chance(0.2) ? "workshop" : random.pick(this.skus),
      quantity: random.integer(1, 4),
    }));
  }

  /** Now and then an order that was asked for before is amended or cancelled. */
  private changeOfOrder(): Ask | null {
    const { random } = this;
    if (this.orderIds.length === 0 || random.chance(0.8)) return null;
    const orderId = random.pick(this.orderIds);
    const atMs = this.time.nowMs;
    if (random.chance(0.4))
      return { kind: "cancel", cancellation: { orderId, atMs, cause: "no longer wanted" } };
    const amendmentId = `a-${this.issued}`;
    const amendment = {
      orderId,
      amendmentId,
      lines: this.lines(),
      destination: null,
      expiresAtMs: 0,
      atMs,
      cause: orderId,
    };
    return { kind: "amend", amendment };
  }

  private lane(most: number): Ask {
    const { random } = this;
    const lane = random.pick(["checkout-1", "checkout-2"]);
    return {
      kind: "lane",
      lane,
      steps: Array.from({ length: this.burst(most) }, () => this.laneStep(lane)),
    };
  }

  private laneStep(lane: string): LaneStep {
    const { random } = this;
    const choice = random.next();
    const known = choice < 0.45 ? this.laneSteps.filter((one) => one.lane === lane) : [];
    if (known.length > 0) {
      const { step } = random.pick(known);
      if (choice < (this.weather.longJumps ? 0.2 : 0.08)) return step;
      if (choice < 0.33) return { ...step, kind: LANE_KIND.release, quantity: 0, expiresInMs: 0 };
      const expiresInMs = random.chance(0.5) ? 0 : random.integer(1, LANE_LIFE_MS);
      return { ...step, kind: LANE_KIND.extend, quantity: 0, expiresInMs };
    }
    this.nextReservation += 1;
    return {
      ...this.address(),
      number: this.nextReservation,
      kind: LANE_KIND.reserve,
      quantity: random.integer(1, 3),
      expiresInMs: random.chance(this.weather.expiring) ? random.integer(1, LANE_LIFE_MS) : 0,
    };
  }

  private receive(sku: string, locationId: string, quantity: number): StockCommand {
    return { ...this.mutation(sku, locationId), type: "receive", quantity, ...this.warehouse.lot(sku) };
  }

  private demand(sku: string, locationId: string): StockCommand {
    const { random } = this;
    const at = random.chance(0.5) ? ANY_LOCATION : locationId;
    const base = this.mutation(sku, at);
    if (random.chance(0.2) && this.nextDemand > 0) {
      const holdId = `d-${1 + random.below(this.nextDemand)}`;
      return { ...base, type: "cancel-demand", holdId };
    }
    this.nextDemand += 1;
    const isPreOrder = random.chance(0.3);
    return {
      ...base,
      type: "enqueue-demand",
      holdId: `d-${this.nextDemand}`,
      orderId: `backorder-${this.nextDemand}`,
      lineId: "1",
      quantity: random.integer(1, 4),
      priority: random.below(3),
      kind: isPreOrder ? "pre-order" : "backorder",
      notBeforeMs: isPreOrder ? this.time.nowMs + random.integer(1, MAX_LIFE_MS) : 0,
    };
  }

  private invalid(): Ask {
    const { sku, locationId } = this.address();
    const command: StockCommand = { ...this.mutation(sku, locationId), type: "receive", quantity: -1 };
    return { kind: "execute", commands: [command], flaw: "invalid" };
  }

  /** Another body under the id of a command that has been acknowledged. */
  private impostor(): Ask | null {
    const places = this.acknowledged.filter(({ locationId }) => locationId !== ANY_LOCATION);
    if (places.length === 0) return null;
    const known = this.random.pick(places);
    const command: StockCommand = {
      ...this.mutation(known.sku, known.locationId),
      commandId: known.commandId,
      type: "receive",
      quantity: 1_000,
    };
    return { kind: "execute", commands: [command], flaw: "impostor" };
  }

  private address(): { readonly sku: string; readonly locationId: string } {
    return { sku: this.random.pick(this.skus), locationId: this.random.pick(this.locations).locationId };
  }

  private someSkus(): readonly string[] {
    return this.random.chance(0.5) ? [this.random.pick(this.skus)] : this.skus;
  }

  private mutation(sku: string, locationId: string): Mutation {
    this.nextCommand += 1;
    return { commandId: `c-${this.nextCommand}`, sku, locationId, atMs: this.time.nowMs, cause: "simulated" };
  }
}

function operation(number: number, ask: Ask): Operation {
  return { number, ask, open: 0, isAcknowledged: false, isAnswered: false };
}
