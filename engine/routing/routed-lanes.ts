/**
 * Lanes of one client over several engines. Handles are of the engine that gave them, and would name other
 * positions elsewhere: once a position's shard has gone from there, this says `handles_void` for good.
 */
import type { PositionAddress } from "../../actors/commands.ts";
import { LANE_WORDS } from "../../actors/lanes/lane-operations.ts";
import { EngineError } from "../errors.ts";
import type { RemoteEngine } from "../fabric/remote-engine.ts";
import type { LaneCall, LaneClient } from "../lane-client.ts";
import type { OwnEngine } from "../own-engine.ts";
import { shardOfHandle } from "../rounds/lane-routing.ts";

/** As the engine of this process is called among those that gave handles. */
const HERE = "";

export class RoutedLanes implements LaneClient {
  private readonly own: OwnEngine | null;
  private readonly others: RemoteEngine;
  /** By shard: who gave handles of it, and a SKU of it. */
  private readonly given = new Map<number, { readonly by: string; readonly sku: string }>();
  private isVoid = false;

  constructor(own: OwnEngine | null, others: RemoteEngine) {
    this.own = own;
    this.others = others;
  }

  async openPositions(addresses: readonly PositionAddress[]): Promise<readonly (number | null)[]> {
    if (this.isVoid) throw this.voided();
    const handles = new Array<number | null>(addresses.length).fill(null);
    const groups = groupedBy([...addresses.keys()], (place) => this.whoHas(addresses[place]?.sku ?? ""));
    await Promise.all(
      groups.map(async ([at, places]) => {
        const some = places.map((place) => addresses[place] as PositionAddress);
        const { value, by } = await this.openAt(at, some);
        for (const [index, place] of places.entries()) {
          const handle = value[index] ?? null;
          handles[place] = handle;
          if (handle === null) continue;
          const shard = this.shardOf(handle);
          const known = this.given.get(shard);
          // Opened again, at another engine: what the former one gave is not true any more.
          if (known !== undefined && known.by !== by) throw this.voided();
          if (known === undefined) this.given.set(shard, { by, sku: some[index]?.sku ?? "" });
        }
      }),
    );
    return handles;
  }

  async applyLane(call: LaneCall): Promise<Uint8Array | null> {
    if (this.isVoid) throw this.voided();
    const { operations } = call;
    const givers = this.giversNow();
    const places = new Map<string, number[]>();
    for (let at = 1; at < operations.length; at += LANE_WORDS) {
      const shard = this.shardOf(operations[at] as number);
      const by = givers.get(shard) ?? this.whoHasShard(shard);
      const group = places.get(by);
      if (group === undefined) places.set(by, [(at - 1) / LANE_WORDS]);
      else group.push((at - 1) / LANE_WORDS);
    }
    const groups = [...places];
    const [first] = groups;
    if (groups.length < 2) return this.applyAt(first?.[0] ?? HERE, call);
    const count = operations.length / LANE_WORDS;
    let codes: Uint8Array | null = null;
    await Promise.all(
      groups.map(async ([at, places]) => {
        const some = new Uint32Array(places.length * LANE_WORDS);
        for (const [index, place] of places.entries())
          some.set(operations.subarray(place * LANE_WORDS, (place + 1) * LANE_WORDS), index * LANE_WORDS);
        const ofSome = await this.applyAt(at, { ...call, operations: some });
        if (ofSome === null) return;
        codes ??= new Uint8Array(count);
        for (const [index, place] of places.entries()) codes[place] = ofSome[index] as number;
      }),
    );
    return codes;
  }

  private async openAt(at: string, addresses: readonly PositionAddress[]) {
    const { own } = this;
    if (at === HERE && own !== null) return { value: await own.openPositions(addresses), by: HERE };
    const key = addresses[0]?.sku ?? "";
    const { value, by } = await this.others.ask("openPositions", [addresses], { key, isRepeatable: true });
    return { value: value as readonly (number | null)[], by };
  }

  private async applyAt(at: string, call: LaneCall): Promise<Uint8Array | null> {
    const { own } = this;
    try {
      if (at === HERE && own !== null) return await own.applyLane(call);
      const { lane, operations, atMs } = call;
      const bytes = new Uint8Array(operations.buffer, operations.byteOffset, operations.byteLength);
      const asked = { key: lane, isRepeatable: true, ...(at === HERE ? {} : { only: at }) };
      return (await this.others.ask("applyLane", [lane, bytes, atMs], asked)).value as Uint8Array | null;
    } catch (error) {
      if (error instanceof EngineError && (error.code === "handles_void" || error.code === "shard_elsewhere"))
        throw this.voided();
      throw error;
    }
  }

  /** Who gave handles, by shard. @throws where a shard has gone from there */
  private giversNow(): ReadonlyMap<number, string> {
    const givers = new Map<number, string>();
    for (const [shard, { by, sku }] of this.given) {
      const now = this.whoHas(sku);
      if (now !== null && now !== by) throw this.voided();
      givers.set(shard, by);
    }
    return givers;
  }

  private shardOf(handle: number): number {
    return shardOfHandle(handle, this.own?.shardCount ?? Math.max(1, this.others.shardCount()));
  }

  /** Whoever has it knows handles that were given over another connection, and says which name nothing. */
  private whoHasShard(shard: number): string {
    return this.own?.hasShard(shard) === true ? HERE : (this.others.ownerOfShard(shard) ?? HERE);
  }

  private whoHas(sku: string): string | null {
    return this.own?.has(sku) === true ? HERE : this.others.ownerOf(sku);
  }

  private voided(): EngineError {
    this.isVoid = true;
    return new EngineError("handles_void", "positions have moved to another engine since they were opened");
  }
}

function groupedBy(
  places: readonly number[],
  whereOf: (place: number) => string | null,
): readonly (readonly [at: string, places: readonly number[]])[] {
  const groups = new Map<string, number[]>();
  for (const place of places) {
    const at = whereOf(place) ?? HERE;
    const group = groups.get(at);
    if (group === undefined) groups.set(at, [place]);
    else group.push(place);
  }
  return [...groups];
}
