/**
 * Reservations beside complete orders, at one common rate, by schedule: on the idle system, and while it is
 * given as many orders as it can do. They have a product and a place of their own, which no order asks for,
 * so that all they share with the orders is the machine and the product.
 */
import { join } from "node:path";
import { RestClient } from "../../../cli/client/rest.ts";
import type { ProductBody } from "../../../contract/catalog.ts";
import type { CreateLocationBody } from "../../../contract/locations.ts";
import type { Audit } from "../account.ts";
import { Client } from "../client.ts";
import type { LatencyResult } from "../load.ts";
import type { Variant } from "../system.ts";
import { LOCATION, skuOf } from "../systems/holdfast-stock.ts";
import { type TraceFile, writeTrace } from "../trace.ts";
import type { OrderSystem } from "./order-system.ts";

export type BesidePlan = {
  /** Operations a second. */
  readonly rate: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  readonly windows: number;
};

export type Beside = {
  readonly rate: number;
  readonly alone: readonly LatencyResult[];
  readonly besideOrders: readonly LatencyResult[];
  readonly audit: Audit;
};

const VARIANT: Variant = { name: "512 a frame, 8 in flight", inFlight: 8, batch: 512, connections: 2 };
const TRACE_LENGTH = 200_000;

/** The one that is driven; the client wants another one to sell out, which is not done here. */
const POSITIONS = 1;

export class ReservationsBeside {
  private readonly client: Client;
  private readonly trace: TraceFile;
  private readonly plan: BesidePlan;

  private constructor(client: Client, trace: TraceFile, plan: BesidePlan) {
    this.client = client;
    this.trace = trace;
    this.plan = plan;
  }

  static async open(system: OrderSystem, folder: string, plan: BesidePlan): Promise<ReservationsBeside> {
    const rest = new RestClient(system.access);
    const location: CreateLocationBody = {
      id: LOCATION,
      name: "Bench",
      kind: "fulfillment_center",
      address: {
        name: "Bench",
        line1: "1 Test Street",
        city: "Reno",
        region: "NV",
        postalCode: "89501",
        country: "US",
      },
    };
    await rest.post("/v1/locations", location);
    for (let position = 0; position <= POSITIONS; position += 1) {
      const product: ProductBody = {
        sku: skuOf(position),
        name: skuOf(position),
        weightGrams: 100,
        priceMinor: 1_000,
        currency: "USD",
        hsCode: "610990",
        originCountry: "US",
        gtin: "09521234999997",
      };
      await rest.post("/v1/products", product);
    }
    const trace = await writeTrace(join(folder, "beside.trace"), {
      workload: "hot",
      positions: POSITIONS,
      length: TRACE_LENGTH,
    });
    const client = new Client();
    try {
      await client.ask("connected", {
        do: "connect",
        system: "holdfast",
        endpoint: system.access,
        variant: VARIANT,
        positions: POSITIONS,
      });
    } catch (error) {
      await client.end();
      throw error;
    }
    return new ReservationsBeside(client, trace, plan);
  }

  /** Several windows, one after the other. */
  async measure(): Promise<readonly LatencyResult[]> {
    const windows: LatencyResult[] = [];
    while (windows.length < this.plan.windows) {
      const { result } = await this.client.ask("rate", {
        do: "rate",
        tracePath: this.trace.path,
        rate: this.plan.rate,
        milliseconds: this.plan.windowMs,
        warmUpMs: windows.length === 0 ? this.plan.warmUpMs : 0,
      });
      windows.push(result);
    }
    return windows;
  }

  async audit(): Promise<Audit> {
    return (await this.client.ask("audited", { do: "audit" })).audit;
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
