/**
 * The allocator client of a process that has no engine. What plain values can say goes over the fabric; what
 * needs the engine's commit with a record of the caller's (`reserveOrder`, `commit`) is an operation that
 * runs beside the engine as a whole (`operations/at-engine.ts`), and is not to be reached here.
 *
 * What the engine is told of settings (locations, rules, kits) its own process reads from the database, when
 * whoever changed them has told the database's listeners.
 */
import type { PositionAddress, StockCommand, StockOutcome } from "../../actors/commands.ts";
import type {
  AllocatorClient,
  AmendmentOutcome,
  CancellationOutcome,
  HoldView,
  OrderAmendment,
  OrderCancellation,
  PositionView,
  PromiseRequest,
} from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import type { LaneCall, LaneClient } from "../lane-client.ts";
import type { StockAt, StockScope } from "../stock-view/stock-view-reader.ts";
import type { FabricMethod } from "./fabric-messages.ts";
import type { RemoteEngine } from "./remote-engine.ts";

export class RemoteAllocator implements AllocatorClient {
  private readonly engine: RemoteEngine;
  private readonly lanes: LaneClient;

  constructor(engine: RemoteEngine) {
    this.engine = engine;
    this.lanes = new RemoteLanes(engine);
  }

  execute(commands: readonly StockCommand[]): Promise<readonly StockOutcome[]> {
    return this.ask("execute", commands);
  }

  positions(skus: readonly string[]): Promise<readonly PositionView[]> {
    return this.ask("positions", skus);
  }

  available(sku: string, scope: StockScope = {}): Promise<number | null> {
    return this.ask("available", sku, scope);
  }

  availableByLocation(sku: string): Promise<readonly StockAt[]> {
    return this.ask("availableByLocation", sku);
  }

  capableToPromise(request: PromiseRequest): Promise<number | null> {
    return this.ask("capableToPromise", request);
  }

  holds(address: PositionAddress): Promise<readonly HoldView[]> {
    return this.ask("holds", address);
  }

  amendOrder(amendment: OrderAmendment): Promise<AmendmentOutcome> {
    return this.ask("amendOrder", amendment);
  }

  cancelOrder(cancellation: OrderCancellation): Promise<CancellationOutcome> {
    return this.ask("cancelOrder", cancellation);
  }

  status(): ReturnType<AllocatorClient["status"]> {
    return this.ask("status");
  }

  openPositions(addresses: readonly PositionAddress[]): Promise<readonly (number | null)[]> {
    return this.lanes.openPositions(addresses);
  }

  applyLane(call: LaneCall): Promise<Uint8Array | null> {
    return this.lanes.applyLane(call);
  }

  laneDoor(): LaneClient {
    return new RemoteLanes(this.engine);
  }

  reserveOrder(): Promise<never> {
    return Promise.reject(notHere("reserveOrder"));
  }

  commit(): Promise<never> {
    return Promise.reject(notHere("commit"));
  }

  recordFills(): never {
    throw notHere("recordFills");
  }

  observeCommands(): never {
    throw notHere("observeCommands");
  }

  setLocations(): void {}

  setSourcingRules(): void {}

  setKits(): void {}

  /** All of these are reads, or are named by ids under which a repeat changes nothing. */
  private async ask<T>(method: FabricMethod, ...given: readonly unknown[]): Promise<T> {
    return (await this.engine.ask(method, given, { isRepeatable: true })).value as T;
  }
}

function notHere(method: string): EngineError {
  return new EngineError("invalid_request", `${method} is for the engine's own process`);
}

/**
 * Handles are of one life of the engine, and would name other positions in the next. So this stays with the
 * process that gave the first of them, and says `handles_void` for good once that has ended.
 */
class RemoteLanes implements LaneClient {
  private readonly engine: RemoteEngine;
  /** Who gave the handles. */
  private giver: string | null = null;
  private isVoid = false;

  constructor(engine: RemoteEngine) {
    this.engine = engine;
  }

  async openPositions(addresses: readonly PositionAddress[]): Promise<readonly (number | null)[]> {
    const { value, by } = await this.ask("openPositions", [addresses]);
    this.giver ??= by;
    // Two that were asked for at once were given by different lives of the engine.
    if (this.giver !== by) throw this.voided();
    return value as readonly (number | null)[];
  }

  async applyLane({ lane, operations, atMs }: LaneCall): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(operations.buffer, operations.byteOffset, operations.byteLength);
    return (await this.ask("applyLane", [lane, bytes, atMs])).value as Uint8Array | null;
  }

  private async ask(method: FabricMethod, given: readonly unknown[]) {
    const owner = this.engine.owner();
    if (this.isVoid || (this.giver !== null && owner !== null && owner !== this.giver)) throw this.voided();
    try {
      return await this.engine.ask(method, given, {
        isRepeatable: true,
        ...(this.giver === null ? {} : { only: this.giver }),
      });
    } catch (error) {
      if (error instanceof EngineError && error.code === "handles_void") this.isVoid = true;
      throw error;
    }
  }

  private voided(): EngineError {
    this.isVoid = true;
    return new EngineError(
      "handles_void",
      "the engine has been started anew since the positions were opened",
    );
  }
}
