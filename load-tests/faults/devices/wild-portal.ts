/**
 * A portal through which only other companies' totes go: light barrier, tags, light barrier, with edges that
 * get lost, tags without number, and a clock that jumps.
 */
import type { Random } from "../../../config/seeded-random.ts";
import { type Mutation, mutationsOf } from "../../../devices/simulators/mutations.ts";
import { BadLink } from "./bad-link.ts";
import { JumpingClock } from "./jumping-clock.ts";
import type { Tally } from "./tally.ts";

const GARBLED = 0.01;
const MOST_TAGS = 12;

export class WildPortal {
  private readonly make: "zebra" | "impinj";
  private readonly topic: string;
  private readonly link: BadLink;
  private readonly random: Random;
  private readonly tally: Tally;
  private readonly clock: JumpingClock;
  private readonly mutations: readonly Mutation[];
  private step = 0;

  constructor(options: {
    readonly mqttUrl: string;
    readonly deviceId: string;
    readonly make: "zebra" | "impinj";
    readonly random: Random;
    readonly tally: Tally;
  }) {
    this.make = options.make;
    this.topic = `${options.make}/${options.deviceId}/events`;
    this.random = options.random;
    this.tally = options.tally;
    this.clock = new JumpingClock(options.random.fork(), options.tally);
    this.mutations = mutationsOf([this.tag()]);
    this.link = new BadLink({
      ...options,
      random: options.random.fork(),
      subscriptions: [],
      onMessage: () => {},
    });
  }

  connected(): Promise<void> {
    return this.link.connected();
  }

  stop(): Promise<void> {
    return this.link.stop();
  }

  act(): void {
    this.step = (this.step + 1) % 3;
    const events =
      this.step === 1
        ? [this.edge(true)]
        : this.step === 2
          ? Array.from({ length: this.random.integer(1, MOST_TAGS) }, () => this.tag())
          : [this.edge(false)];
    const isGarbled = this.step === 2 && this.random.chance(GARBLED);
    if (isGarbled) this.tally.garbled += 1;
    const payload = isGarbled
      ? this.random.pick(this.mutations).of([this.tag()])
      : Buffer.from(JSON.stringify(events));
    this.link.send(this.topic, payload, 1);
  }

  private tag(): object {
    // SGTIN-96 of a company whose goods are not in the catalog.
    const epc = `3034257BF400B780${this.random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, "0")}`;
    const timestamp = this.clock.now().toISOString();
    return this.make === "zebra"
      ? {
          type: "CUSTOM",
          timestamp: timestamp.replace("Z", "+0000"),
          data: { format: "epc", idHex: epc.toLowerCase(), peakRssi: -42 },
        }
      : {
          timestamp,
          eventType: "tagInventory",
          tagInventoryEvent: {
            epc: Buffer.from(epc, "hex").toString("base64"),
            peakRssiCdbm: -4_200,
            lastSeenTime: timestamp,
          },
        };
  }

  private edge(isBroken: boolean): object {
    const timestamp = this.clock.now().toISOString();
    return this.make === "zebra"
      ? {
          type: "gpi",
          timestamp: timestamp.replace("Z", "+0000"),
          data: { pin: 1, state: isBroken ? "HIGH" : "LOW" },
        }
      : {
          timestamp,
          eventType: "gpiTransition",
          gpiTransitionEvent: { gpi: 1, transition: isBroken ? "low-to-high" : "high-to-low" },
        };
  }
}
