/** The allocator client within the engine's own process. Its contract is in `allocator-client.ts`. */
import type { PositionAddress, StockCommand, StockOutcome } from "../actors/commands.ts";
import {
  isLaneName,
  LANE_WORDS,
  MAX_LANE_NAME_LENGTH,
  MAX_LANE_OPERATIONS,
} from "../actors/lanes/lane-operations.ts";
import type { SourcingRuleList } from "../config/sourcing-rule.ts";
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
  ReservationLine,
  SourcingLocation,
} from "./allocator-client.ts";
import { EngineError } from "./errors.ts";
import type { LaneCall, LaneClient } from "./lane-client.ts";
import type { EngineCore } from "./loop/engine-core.ts";
import type { OwnEngine } from "./own-engine.ts";
import { componentSkus, componentsOf, isKit, kitsAtAll, kitsByLocation } from "./planning/kits.ts";
import { quoteReservation } from "./planning/order-quote.ts";
import type { SourcingSetup } from "./planning/order-reservation.ts";
import { promisedAt } from "./planning/promised-at.ts";
import type { StockOfSkus } from "./planning/stock-of-skus.ts";
import { partsOf } from "./rounds/lane-routing.ts";
import { elsewhereError, type ShardDirectory } from "./rounds/shard-directory.ts";
import type { ExecuteWork, OrderShare } from "./rounds/work.ts";
import { shardOf } from "./shard/shard-of.ts";
import type { SkuOutlook } from "./shard/shard-request.ts";
import type { StockAt, StockScope, StockViewReader } from "./stock-view/stock-view-reader.ts";

/** Commands of one call that run together; a longer list is cut, so that no round grows beyond its bound. */
const SLICE = 2048;

export class Allocator implements OwnEngine {
  private readonly core: EngineCore;
  private readonly directory: ShardDirectory;
  private readonly view: StockViewReader;
  private observer: CommandObserver | null = null;
  /** Null: nobody has said which there are. */
  private open: ReadonlySet<string> | null = null;
  private readonly isOpen = (locationId: string): boolean => this.open === null || this.open.has(locationId);

  constructor(core: EngineCore, directory: ShardDirectory, view: StockViewReader) {
    this.core = core;
    this.directory = directory;
    this.view = view;
  }

  laneDoor(): LaneClient {
    return this;
  }

  async execute(commands: readonly StockCommand[]): Promise<readonly StockOutcome[]> {
    // The shard validates the rest; without a SKU there is no shard to ask.
    if (commands.some((command) => typeof command?.sku !== "string")) {
      throw new EngineError("invalid_request", "a command without a sku");
    }
    const works: ExecuteWork[] = [];
    const answers: Promise<readonly StockOutcome[]>[] = [];
    for (let from = 0; from < commands.length; from += SLICE) {
      answers.push(
        new Promise((resolve, reject) => {
          works.push({ kind: "execute", commands: commands.slice(from, from + SLICE), resolve, reject });
        }),
      );
    }
    this.core.push(works);
    const outcomes = (await Promise.all(answers)).flat();
    this.observer?.(commands, outcomes);
    return outcomes;
  }

  reserveOrder<R>(
    request: OrderReservationRequest,
    attachment?: CommitAttachment<R>,
  ): Promise<OrderReservation> {
    const wrong = wrongRequest(request);
    if (wrong !== undefined) return Promise.reject(new EngineError("invalid_request", wrong));
    return new Promise((resolve, reject) => {
      this.core.push([
        {
          kind: "order",
          request,
          attachment: (attachment as CommitAttachment<unknown> | undefined) ?? null,
          resolve,
          reject,
        },
      ]);
    });
  }

  async quoteOrder(request: OrderReservationRequest): Promise<OrderReservation> {
    const wrong = wrongRequest(request);
    if (wrong !== undefined) throw new EngineError("invalid_request", wrong);
    return quoteReservation(request, this.core.setup, this);
  }

  amendOrder(amendment: OrderAmendment): Promise<AmendmentOutcome> {
    const wrong =
      wrongLines(amendment.orderId, amendment.lines) ??
      (/^[\x20-\x7e]{1,128}$/.test(amendment.amendmentId)
        ? undefined
        : "amendmentId is 1 to 128 characters of printable ASCII");
    if (wrong !== undefined) return Promise.reject(new EngineError("invalid_request", wrong));
    return new Promise((resolve, reject) => {
      this.core.push([{ kind: "amend", amendment, resolve, reject }]);
    });
  }

  cancelOrder(cancellation: OrderCancellation): Promise<CancellationOutcome> {
    return new Promise((resolve, reject) => {
      this.core.push([{ kind: "cancel", cancellation, resolve, reject }]);
    });
  }

  openPositions(addresses: readonly PositionAddress[]): Promise<readonly (number | null)[]> {
    return new Promise((resolve, reject) => {
      this.core.push([{ kind: "open", addresses, resolve, reject }]);
    });
  }

  applyLane({ lane, operations, atMs }: LaneCall): Promise<Uint8Array | null> {
    const count = operations.length / LANE_WORDS;
    if (!Number.isInteger(count) || count < 1 || count > MAX_LANE_OPERATIONS) {
      return Promise.reject(
        new EngineError("invalid_request", `a call has 1 to ${MAX_LANE_OPERATIONS} whole operations`),
      );
    }
    if (!isLaneName(lane)) {
      return Promise.reject(
        new EngineError(
          "invalid_request",
          `a lane's name is 1 to ${MAX_LANE_NAME_LENGTH} characters of ASCII`,
        ),
      );
    }
    const parts = partsOf(operations, this.directory.entries.length);
    return new Promise((resolve, reject) => {
      this.core.push([{ kind: "lanes", lane, atMs, count, parts, resolve, reject }]);
    });
  }

  commit<R>(writer: CommitWriter<R>, record: R): Promise<void> {
    return new Promise((resolve, reject) => {
      this.core.push([{ kind: "record", writer: writer as CommitWriter<unknown>, record, resolve, reject }]);
    });
  }

  positions(skus: readonly string[]): Promise<readonly PositionView[]> {
    return new Promise((resolve, reject) => {
      this.core.push([{ kind: "positions", skus, resolve, reject }]);
    });
  }

  namedUnits(skus: readonly string[]): Promise<readonly NamedUnits[]> {
    return new Promise((resolve, reject) => {
      this.core.push([{ kind: "named", skus, resolve, reject }]);
    });
  }

  async capableToPromise(request: PromiseRequest): Promise<number | null> {
    const components = componentsOf(this.core.setup.kits, request.sku);
    return promisedAt(request, components, await this.outlooks(components.map(({ sku }) => sku)));
  }

  outlooks(skus: readonly string[]): Promise<readonly SkuOutlook[]> {
    return new Promise((resolve, reject) => {
      this.core.push([{ kind: "outlooks", skus, resolve, reject }]);
    });
  }

  get shardCount(): number {
    return this.directory.entries.length;
  }

  has(key: string): boolean {
    return this.hasShard(shardOf(key, this.shardCount));
  }

  hasShard(shard: number): boolean {
    const { status } = this.directory.entry(shard);
    return status === "live" || status === "rebuilding";
  }

  stockOf(skus: readonly string[], pool: string | undefined): StockOfSkus {
    for (const sku of skus) this.checkHere(sku);
    return skus.map((sku) => [
      sku,
      this.view.availableByLocation(sku, pool).map(({ locationId, available }) => [locationId, available]),
    ]);
  }

  sourcingSetup(): SourcingSetup {
    return this.core.setup;
  }

  reserveShare<R>(
    request: OrderReservationRequest,
    share: Omit<OrderShare, "moved">,
    attachment?: CommitAttachment<R>,
  ): Promise<OrderReservation | "moved"> {
    return new Promise((resolve, reject) => {
      const moved = (): void => resolve("moved");
      this.core.push([
        {
          kind: "order",
          request,
          attachment: (attachment as CommitAttachment<unknown> | undefined) ?? null,
          share: { ...share, moved },
          resolve,
          reject,
        },
      ]);
    });
  }

  isKit(sku: string): boolean {
    return isKit(this.core.setup.kits, sku);
  }

  available(sku: string, scope: StockScope = {}): number | null {
    if (this.isKit(sku)) return kitsAtAll(this.kitsHere(sku, scope.pool), scope);
    this.checkHere(sku);
    return this.view.available(sku, scope, this.isOpen);
  }

  availableByLocation(sku: string): readonly StockAt[] {
    if (this.isKit(sku)) return this.kitsHere(sku, undefined) ?? [];
    this.checkHere(sku);
    return this.view.availableByLocation(sku).filter(({ locationId }) => this.isOpen(locationId));
  }

  private kitsHere(sku: string, pool: string | undefined): readonly StockAt[] | null {
    const components = componentsOf(this.core.setup.kits, sku);
    const stock = this.stockOf([...componentSkus(this.core.setup.kits, [{ sku }])], pool);
    return kitsByLocation(components, stock)?.filter(({ locationId }) => this.isOpen(locationId)) ?? null;
  }

  holds(address: PositionAddress): Promise<readonly HoldView[]> {
    return new Promise((resolve, reject) => {
      this.core.push([{ kind: "holds", address, resolve, reject }]);
    });
  }

  observeCommands(observer: CommandObserver): void {
    this.observer = observer;
  }

  setLocations(locations: readonly SourcingLocation[]): void {
    this.core.setLocations(locations);
    this.open = new Set(locations.map(({ locationId }) => locationId));
  }

  recordFills(writer: CommitWriter<DemandFill>): void {
    this.core.recordFills(writer);
  }

  setSourcingRules(rules: SourcingRuleList): void {
    this.core.setSourcingRules(rules);
  }

  setKits(kits: readonly Kit[]): void {
    this.core.setKits(kits);
  }

  status(): ReturnType<AllocatorClient["status"]> {
    return Promise.resolve(
      this.directory.entries.flatMap((entry) => {
        const { status } = entry;
        if (status === "elsewhere" || status === "leaving") return [];
        return {
          shard: entry.shard,
          thread: entry.thread,
          state: status,
          epoch: entry.epoch,
          sequence: entry.sequence,
          positions: entry.positionCount,
          holds: entry.holdCount,
        };
      }),
    );
  }

  /** What the stock view does not show of a shard that is elsewhere is not nothing. */
  private checkHere(sku: string): void {
    const shard = shardOf(sku, this.directory.entries.length);
    if (this.directory.entry(shard).status === "elsewhere") throw elsewhereError(shard);
  }
}

function wrongRequest(request: OrderReservationRequest): string | undefined {
  const { orderId, lines, policy, locations } = request;
  if (lines.length === 0) return `order ${orderId} has no lines`;
  if (locations !== undefined && policy === "ship_available_backorder_rest") {
    return `order ${orderId} would wait in a queue that knows no locations`;
  }
  return wrongLines(orderId, lines);
}

function wrongLines(orderId: unknown, lines: readonly ReservationLine[]): string | undefined {
  if (typeof orderId !== "string" || orderId === "") return "orderId is missing";
  const lineIds = new Set<string>();
  for (const line of lines) {
    if (typeof line.sku !== "string" || line.sku === "") return `line ${line.lineId} has no sku`;
    if (!Number.isSafeInteger(line.quantity) || line.quantity < 1) {
      return `the quantity of line ${line.lineId} is an integer of at least 1`;
    }
    if (lineIds.has(line.lineId)) return `line ${line.lineId} comes twice`;
    lineIds.add(line.lineId);
  }
  return undefined;
}
