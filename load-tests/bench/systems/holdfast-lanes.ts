/**
 * Holdfast by reservation lanes, its way for clients that reserve by the hundred thousand: 16 bytes for each
 * operation, many in a frame, one lane for each worker. The same driver is used for the durable engine and
 * for the one that keeps nothing.
 */
import { randomUUID } from "node:crypto";
import { type OperationBatch, RELEASE, WORDS } from "../operations.ts";
import type { Driver, Endpoint, ServerKind, System, Variant } from "../system.ts";
import { inParts, LOCATION, readRemaining, receiveStock, skuOf } from "./holdfast-stock.ts";
import { StreamClient } from "./stream-client.ts";

const KIND_BITS = 0xf000_0000;

const VARIANTS: readonly Variant[] = [512, 1_024, 4_096].flatMap((batch) =>
  [8, 16, 32].map((inFlight) => ({
    name: `${batch} a frame, ${inFlight} in flight`,
    inFlight,
    batch,
    connections: 2,
    quick: batch * inFlight >= 65_536,
  })),
);

export const holdfast: System = lanes(
  "holdfast",
  "Holdfast",
  "core",
  "Reservation lanes over the WebSocket; answered after the commit in PostgreSQL.",
);

export const holdfastNotDurable: System = lanes(
  "holdfast-not-durable",
  "Holdfast, NOT durable",
  "core-not-durable",
  "The same engine and gateway with a disk that keeps nothing: what durability costs.",
);

function lanes(name: string, title: string, server: ServerKind, note: string): System {
  return {
    name,
    title,
    server,
    note,
    exact: true,
    variants: VARIANTS,
    connect: async (endpoint, { connections, batch }) => {
      const streams = await Promise.all(
        Array.from({ length: connections }, () => StreamClient.connect(endpoint)),
      );
      return new LaneDriver(streams, batch, `bench-${randomUUID()}`);
    },
  };
}

export class LaneDriver implements Driver {
  private readonly streams: readonly StreamClient[];
  private readonly capacity: number;
  /** Prefix of this driver's lanes, so that no two drivers of one server share their numbers. */
  private readonly name: string;
  /** The engine's handle of position i. */
  private handles = new Uint32Array(0);
  /** One frame's operations for each worker: the socket reads them until they are sent. */
  private readonly frames = new Map<number, Uint32Array<ArrayBuffer>>();

  constructor(streams: readonly StreamClient[], capacity: number, name: string) {
    this.streams = streams;
    this.capacity = capacity;
    this.name = name;
  }

  async load(units: Uint32Array): Promise<void> {
    await receiveStock(this.stream(0), units);
    await this.open(units.length);
  }

  /**
   * This driver's lanes over new connections, to an engine that was restarted and has the positions already.
   */
  static async reconnected(former: LaneDriver, endpoint: Endpoint, positions: number): Promise<LaneDriver> {
    const streams = await Promise.all(former.streams.map(() => StreamClient.connect(endpoint)));
    const driver = new LaneDriver(streams, former.capacity, former.name);
    await driver.open(positions);
    return driver;
  }

  private async open(positions: number): Promise<void> {
    const handles = new Uint32Array(positions);
    await inParts(positions, async (from, to) => {
      const addresses = Array.from({ length: to - from }, (_, index) => ({
        sku: skuOf(from + index),
        locationId: LOCATION,
      }));
      const reply = await this.stream(0).ask({ type: "positions.open", positions: addresses });
      if (reply.type !== "positions.opened") throw new Error(`no handles: ${reply.type}`);
      for (const [index, handle] of reply.handles.entries()) {
        if (handle === null) throw new Error(`${skuOf(from + index)} is not there`);
        handles[from + index] = handle;
      }
    });
    this.handles = handles;
  }

  async apply(worker: number, batch: OperationBatch): Promise<Uint8Array | null> {
    const reply = await this.stream(worker).ask({
      type: "lane.apply",
      lane: `${this.name}-${worker}`,
      operations: this.frame(worker, batch),
    });
    if (reply.type !== "lane.applied") throw new Error(`not applied: ${reply.type}`);
    return reply.codes;
  }

  remaining(positions: number): Promise<Int32Array> {
    return readRemaining(this.stream(0), positions);
  }

  async close(): Promise<void> {
    await Promise.all(this.streams.map((stream) => stream.close()));
  }

  private frame(worker: number, batch: OperationBatch): Uint8Array {
    let frame = this.frames.get(worker);
    if (frame === undefined) {
      frame = new Uint32Array(this.capacity * WORDS);
      this.frames.set(worker, frame);
    }
    frame.set(batch.words.subarray(0, batch.length * WORDS));
    for (let index = 0; index < batch.length; index += 1) {
      const at = index * WORDS;
      frame[at + 1] = this.handles[batch.position(index)] ?? 0;
      // A release only names its reservation.
      if (batch.kind(index) === RELEASE) frame[at + 2] = (frame[at + 2] ?? 0) & KIND_BITS;
    }
    return new Uint8Array(frame.buffer, 0, batch.length * WORDS * Uint32Array.BYTES_PER_ELEMENT);
  }

  private stream(worker: number): StreamClient {
    const stream = this.streams[worker % this.streams.length];
    if (stream === undefined) throw new Error("no connection");
    return stream;
  }
}
