/**
 * A reservation lane (docs/protocol.md): numbered soft reservations, 16 bytes each. Handles name positions on
 * one connection of one engine only. So the lane keeps the positions themselves, asks for their handles anew
 * on each connection, and sends operations again under their numbers, which makes them happen once.
 */
import { LANE_CODES, LANE_KIND, LANE_WORDS, writeLaneOperation } from "../actors/lanes/lane-operations.ts";
import type { ReplyTo, StreamRequest } from "./requests.ts";
import { StreamError } from "./stream-error.ts";

export type LanePosition = { readonly sku: string; readonly locationId: string };

/** `position` counts from 0 in the list that the lane was opened with. */
export type LaneOperation =
  | {
      readonly kind: "reserve";
      readonly number: number;
      readonly position: number;
      readonly quantity: number;
      /** Milliseconds from now; 0: never. */
      readonly expiresInMs: number;
    }
  | { readonly kind: "release"; readonly number: number; readonly position: number }
  | {
      readonly kind: "extend";
      readonly number: number;
      readonly position: number;
      readonly expiresInMs: number;
    };

export type LaneCode = (typeof LANE_CODES)[number];

/** What a lane needs of its stream. */
export type LaneDoor = {
  /** @returns the handles, and the connection that they are of */
  openPositions(
    positions: readonly LanePosition[],
  ): Promise<{ readonly handles: readonly (number | null)[]; readonly connection: number }>;
  /** @throws StreamError `connection_lost` where it is over */
  applyOn(
    connection: number,
    message: Extract<StreamRequest, { readonly type: "lane.apply" }>,
  ): Promise<ReplyTo<"lane.apply">>;
  isCurrent(connection: number): boolean;
  /** Gives the connection up. */
  leave(connection: number): void;
};

type Opened = { readonly handles: readonly (number | null)[]; readonly connection: number };

export class Lane {
  private readonly door: LaneDoor;
  private readonly name: string;
  private readonly positions: readonly LanePosition[];
  private opened: Opened | null = null;
  private opening: Promise<Opened> | null = null;

  constructor(door: LaneDoor, name: string, positions: readonly LanePosition[]) {
    this.door = door;
    this.name = name;
    this.positions = positions;
  }

  /**
   * Applies up to 4,096 operations, in this order for each position.
   *
   * @returns a code for each operation; everything but `applied` changed nothing
   * @throws StreamError `unknown_position` where one names no position, and nothing is sent
   */
  async apply(operations: readonly LaneOperation[]): Promise<readonly LaneCode[]> {
    for (;;) {
      const { handles, connection } = await this.open();
      const bytes = pack(operations, handles);
      try {
        const { codes } = await this.door.applyOn(connection, {
          type: "lane.apply",
          lane: this.name,
          operations: bytes,
        });
        return operations.map((_, at) => LANE_CODES[codes?.[at] ?? 0] ?? "invalid_command");
      } catch (error) {
        if (!(error instanceof StreamError)) throw error;
        if (error.code === "handles_void") this.door.leave(connection);
        else if (error.code !== "connection_lost") throw error;
      }
    }
  }

  private open(): Promise<Opened> {
    if (this.opened !== null && this.door.isCurrent(this.opened.connection))
      return Promise.resolve(this.opened);
    this.opening ??= this.door
      .openPositions(this.positions)
      .then((opened) => {
        this.opened = opened;
        return opened;
      })
      .finally(() => {
        this.opening = null;
      });
    return this.opening;
  }
}

function pack(operations: readonly LaneOperation[], handles: readonly (number | null)[]): Uint8Array {
  const words = new Uint32Array(operations.length * LANE_WORDS);
  for (const [at, operation] of operations.entries()) {
    const position = handles[operation.position];
    if (position === undefined || position === null) {
      throw new StreamError("unknown_position", `There is no position ${operation.position} of this lane.`);
    }
    writeLaneOperation(words, at, {
      number: operation.number,
      position,
      kind: LANE_KIND[operation.kind],
      quantity: operation.kind === "reserve" ? operation.quantity : 0,
      expiresInMs: operation.kind === "release" ? 0 : operation.expiresInMs,
    });
  }
  return new Uint8Array(words.buffer);
}
