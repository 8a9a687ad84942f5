/**
 * The allocator client where shards are at other engines: each request goes to whoever has the shard that
 * it is about, this process's own engine (if it has one) or another's, and what concerns several is put
 * together.
 *
 * A1 What concerns several shards is asked of each engine by itself. Where a shard has moved meanwhile, or
 *    is being brought to life, that part is asked again soon: its own ids make the repeat harmless.
 * A2 An order is reserved by the process that has its home (`order-over-engines.ts`): elsewhere the request
 *    is refused with `shard_elsewhere`, and the operation that made it moves there
 *    (`operations/at-engine.ts`).
 * A3 Orders are amended and cancelled here only where all shards are at one engine: nothing in Holdfast
 *    does it, since a saga gives back hold by hold what its order has.
 *
 * What an engine is told of settings (locations, rules, kits) its own process reads from the database, when
 * whoever changed them has told the database's listeners.
 */
import type { Logger } from "pino";
import type { PositionAddress, StockCommand, StockOutcome } from "../../actors/commands.ts";
import { ENGINE_PATIENCE_MS } from "../../config/limits.ts";
import type { SourcingRuleList } from "../../config/sourcing-rule.ts";
import type { Database } from "../../store/sql/database.ts";
import type {
  AllocatorClient,
  AmendmentOutcome,
  CancellationOutcome,
  CommandObserver,
  CommitAttachment,
  CommitWriter,
  DemandFill,
  HoldView,
  Kit,
  NamedUnits,
  OrderAmendment,
  OrderCancellation,
  OrderReservation,
  OrderReservationRequest,
  PositionView,
  PromiseRequest,
  SourcingLocation,
} from "../allocator-client.ts";
import { EngineError, isMoving } from "../errors.ts";
import type { FabricMethod } from "../fabric/fabric-messages.ts";
import type { RemoteEngine } from "../fabric/remote-engine.ts";
import type { LaneCall, LaneClient } from "../lane-client.ts";
import type { OwnEngine } from "../own-engine.ts";
import { componentSkus, componentsOf, kitsAtAll, kitsByLocation } from "../planning/kits.ts";
import { quoteReservation } from "../planning/order-quote.ts";
import { promisedAt } from "../planning/promised-at.ts";
import type { StockOfSkus } from "../planning/stock-of-skus.ts";
import type { SkuOutlook } from "../shard/shard-request.ts";
import type { StockAt, StockScope } from "../stock-view/stock-view-reader.ts";
import { OrderOverEngines } from "./order-over-engines.ts";
import { PendingConfirmations } from "./pending-confirmations.ts";
import { RoutedLanes } from "./routed-lanes.ts";

const LOOK_AGAIN_MS = 50;

/** What one engine has answered for some of the things that were asked. */
type Answered<R> = {
  /** Their places among all. */
  readonly places: readonly number[];
  readonly answer: R;
};

export class RoutedAllocator implements AllocatorClient {
  private readonly own: OwnEngine | null;
  private readonly others: RemoteEngine;
  private readonly lanes: LaneClient;
  private readonly orders: OrderOverEngines | null;
  private readonly confirmations: PendingConfirmations | null;

  /** @param here this process's engine; null: it has none */
  constructor(
    others: RemoteEngine,
    here: { readonly engine: OwnEngine; readonly database: Database; readonly logger: Logger } | null,
  ) {
    this.own = here?.engine ?? null;
    this.others = others;
    this.lanes = this.laneDoor();
    this.confirmations = here === null ? null : new PendingConfirmations(here.database, this, here.logger);
    this.orders =
      here === null || this.confirmations === null
        ? null
        : new OrderOverEngines(here.engine, this, this.confirmations);
  }

  /** What is left undone others do. */
  async stop(): Promise<void> {
    await this.confirmations?.stop();
  }

  async execute(commands: readonly StockCommand[]): Promise<readonly StockOutcome[]> {
    if (commands.some((command) => typeof command?.sku !== "string"))
      throw new EngineError("invalid_request", "a command without a sku");
    const answers = await this.ofEach<StockCommand, readonly StockOutcome[]>(commands, ({ sku }) => sku, {
      here: (own, some) => own.execute(some),
      there: (some) => ["execute", some],
    });
    const outcomes = new Array<StockOutcome>(commands.length);
    for (const { places, answer } of answers)
      for (const [index, place] of places.entries()) outcomes[place] = answer[index] as StockOutcome;
    return outcomes;
  }

  async positions(skus: readonly string[]): Promise<readonly PositionView[]> {
    const answers = await this.ofEach<string, readonly PositionView[]>([...new Set(skus)], (sku) => sku, {
      here: (own, some) => own.positions(some),
      there: (some) => ["positions", some],
    });
    return answers.flatMap(({ answer }) => answer);
  }

  async namedUnits(skus: readonly string[]): Promise<readonly NamedUnits[]> {
    const answers = await this.ofEach<string, readonly NamedUnits[]>([...new Set(skus)], (sku) => sku, {
      here: (own, some) => own.namedUnits(some),
      there: (some) => ["namedUnits", some],
    });
    return answers.flatMap(({ answer }) => answer);
  }

  /** What may be promised of SKUs, as a pool sees them. */
  async stockOf(skus: readonly string[], pool: string | undefined): Promise<StockOfSkus> {
    const answers = await this.ofEach<string, StockOfSkus>([...new Set(skus)], (sku) => sku, {
      here: async (own, some) => own.stockOf(some, pool),
      there: (some) => ["stockOf", some, pool],
    });
    return answers.flatMap(({ answer }) => answer);
  }

  async outlooks(skus: readonly string[]): Promise<readonly SkuOutlook[]> {
    const answers = await this.ofEach<string, readonly SkuOutlook[]>([...new Set(skus)], (sku) => sku, {
      here: (own, some) => own.outlooks(some),
      there: (some) => ["outlooks", some],
    });
    return answers.flatMap(({ answer }) => answer);
  }

  available(sku: string, scope: StockScope = {}): number | null | Promise<number | null> {
    if (this.own?.isKit(sku) === true)
      return this.kitsByLocation(this.own, sku, scope.pool).then((kits) => kitsAtAll(kits, scope));
    if (this.own?.has(sku) === true) return this.own.available(sku, scope);
    return this.ofOne(sku, (own) => own.available(sku, scope), "available", sku, scope);
  }

  availableByLocation(sku: string): readonly StockAt[] | Promise<readonly StockAt[]> {
    if (this.own?.isKit(sku) === true)
      return this.kitsByLocation(this.own, sku, undefined).then((kits) => kits ?? []);
    if (this.own?.has(sku) === true) return this.own.availableByLocation(sku);
    return this.ofOne(sku, (own) => own.availableByLocation(sku), "availableByLocation", sku);
  }

  /** The components of a kit may be at several engines. */
  private async kitsByLocation(
    own: OwnEngine,
    sku: string,
    pool: string | undefined,
  ): Promise<readonly StockAt[] | null> {
    const { kits, locations } = own.sourcingSetup();
    const stock = await this.stockOf([...componentSkus(kits, [{ sku }])], pool);
    const all = kitsByLocation(componentsOf(kits, sku), stock);
    return all?.filter(({ locationId }) => locations.has(locationId)) ?? null;
  }

  async capableToPromise(request: PromiseRequest): Promise<number | null> {
    const { own } = this;
    // Kits are known where an engine is: it asks the others for their components.
    if (own === null) return this.askOther(request.sku, "capableToPromise", request);
    const components = componentsOf(own.sourcingSetup().kits, request.sku);
    return promisedAt(request, components, await this.outlooks(components.map(({ sku }) => sku)));
  }

  async quoteOrder(request: OrderReservationRequest): Promise<OrderReservation> {
    const { own } = this;
    if (own === null) return this.askOther(request.lines[0]?.sku ?? "", "quoteOrder", request);
    return quoteReservation(request, own.sourcingSetup(), this);
  }

  holds(address: PositionAddress): Promise<readonly HoldView[]> {
    return this.ofOne(address.sku, (own) => own.holds(address), "holds", address);
  }

  amendOrder(amendment: OrderAmendment): Promise<AmendmentOutcome> {
    const { orderId } = amendment;
    return this.ofOne(orderId, (own) => own.amendOrder(amendment), "amendOrder", amendment);
  }

  cancelOrder(cancellation: OrderCancellation): Promise<CancellationOutcome> {
    const { orderId } = cancellation;
    return this.ofOne(orderId, (own) => own.cancelOrder(cancellation), "cancelOrder", cancellation);
  }

  reserveOrder<R>(
    request: OrderReservationRequest,
    attachment?: CommitAttachment<R>,
  ): Promise<OrderReservation> {
    return this.orders?.reserve(request, attachment) ?? Promise.reject(notHere("reserveOrder"));
  }

  commit<R>(writer: CommitWriter<R>, record: R): Promise<void> {
    return this.own?.commit(writer, record) ?? Promise.reject(notHere("commit"));
  }

  /** Of the engines of all processes. */
  async status(): ReturnType<AllocatorClient["status"]> {
    for (;;) {
      try {
        return await this.statusOfAll();
      } catch (error) {
        // One of them has gone, and others have its shards.
        if (!(error instanceof EngineError && error.code === "handles_void")) throw error;
      }
    }
  }

  private async statusOfAll(): ReturnType<AllocatorClient["status"]> {
    const { own, others } = this;
    const owners = [...others.owners()].filter((owner) => owner !== others.self);
    // Nobody is known: who comes first answers.
    if (own === null && owners.length === 0) return this.askOther("", "status");
    const all = await Promise.all([
      ...(own === null ? [] : [own.status()]),
      ...owners.map((owner) => this.statusOf(owner)),
    ]);
    return all.flat().sort((one, other) => one.shard - other.shard);
  }

  openPositions(addresses: readonly PositionAddress[]): Promise<readonly (number | null)[]> {
    return this.lanes.openPositions(addresses);
  }

  applyLane(call: LaneCall): Promise<Uint8Array | null> {
    return this.lanes.applyLane(call);
  }

  laneDoor(): LaneClient {
    return new RoutedLanes(this.own, this.others);
  }

  recordFills(writer: CommitWriter<DemandFill>): void {
    this.own?.recordFills(writer);
  }

  observeCommands(observer: CommandObserver): void {
    this.own?.observeCommands(observer);
  }

  setLocations(locations: readonly SourcingLocation[]): void {
    this.own?.setLocations(locations);
  }

  setSourcingRules(rules: SourcingRuleList): void {
    this.own?.setSourcingRules(rules);
  }

  setKits(kits: readonly Kit[]): void {
    this.own?.setKits(kits);
  }

  private async statusOf(owner: string): ReturnType<AllocatorClient["status"]> {
    const { value } = await this.others.ask("status", [], { key: "", isRepeatable: true, only: owner });
    return value as Awaited<ReturnType<AllocatorClient["status"]>>;
  }

  /** What concerns one shard. */
  private async ofOne<R>(
    key: string,
    here: (own: OwnEngine) => R | Promise<R>,
    method: FabricMethod,
    ...given: readonly unknown[]
  ): Promise<R> {
    const { own } = this;
    if (own?.has(key) !== true) return this.askOther(key, method, ...given);
    try {
      return await here(own);
    } catch (error) {
      if (!isMoving(error)) throw error;
      return this.askOther(key, method, ...given);
    }
  }

  /** All of these are reads, or are named by ids under which a repeat changes nothing. */
  private async askOther<R>(key: string, method: FabricMethod, ...given: readonly unknown[]): Promise<R> {
    return (await this.others.ask(method, given, { key, isRepeatable: true })).value as R;
  }

  /** A1. Where parts end in faults, the one that leaves most in doubt is thrown. */
  private async ofEach<T, R>(
    things: readonly T[],
    keyOf: (thing: T) => string,
    way: {
      readonly here: (own: OwnEngine, some: readonly T[]) => Promise<R>;
      readonly there: (some: readonly T[]) => readonly [FabricMethod, ...unknown[]];
    },
  ): Promise<readonly Answered<R>[]> {
    const until = performance.now() + ENGINE_PATIENCE_MS;
    const answered: Answered<R>[] = [];
    let open = [...things.keys()];
    while (open.length > 0) {
      const groups = this.groupsOf(open, (place) => keyOf(things[place] as T));
      const settled = await Promise.allSettled(
        groups.map(async ({ isHere, places }) => {
          const some = places.map((place) => things[place] as T);
          if (isHere && this.own !== null) return way.here(this.own, some);
          const [method, ...given] = way.there(some);
          const key = keyOf(some[0] as T);
          const withinMs = until - performance.now();
          const asked = { key, isRepeatable: true, isOfSeveral: true, withinMs };
          return (await this.others.ask(method, given, asked)).value as R;
        }),
      );
      open = [];
      let fault: unknown = null;
      for (const [index, outcome] of settled.entries()) {
        const places = groups[index]?.places ?? [];
        if (outcome.status === "fulfilled") answered.push({ places, answer: outcome.value });
        else if (isMoving(outcome.reason) && performance.now() < until) open.push(...places);
        else if (fault === null || isUnknown(outcome.reason)) fault = outcome.reason;
      }
      if (fault !== null) throw fault;
      if (open.length > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    return answered;
  }

  private groupsOf(
    places: readonly number[],
    keyOf: (place: number) => string,
  ): readonly { readonly isHere: boolean; readonly places: readonly number[] }[] {
    const groups = new Map<string, number[]>();
    for (const place of places) {
      const key = keyOf(place);
      const at = this.own?.has(key) === true ? HERE : `at ${this.others.ownerOf(key)}`;
      const group = groups.get(at);
      if (group === undefined) groups.set(at, [place]);
      else group.push(place);
    }
    return [...groups].map(([at, group]) => ({ isHere: at === HERE, places: group }));
  }
}

const HERE = "here";

function notHere(method: string): EngineError {
  return new EngineError("invalid_request", `${method} is for a process that has an engine`);
}

function isUnknown(error: unknown): boolean {
  return error instanceof EngineError && error.code === "commit_outcome_unknown";
}
