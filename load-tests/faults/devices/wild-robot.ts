/**
 * A robot of VDA 5050 that nobody can work with: it stands in manual mode, so that it gets no orders, and
 * says so with a counter that wraps, a clock that jumps, and states that are garbled.
 */
import type { Random } from "../../../config/seeded-random.ts";
import { robotTopic, type VdaMajor } from "../../../devices/mqtt/topics.ts";
import { type Mutation, mutationsOf } from "../../../devices/simulators/mutations.ts";
import { stateMessage } from "../../../devices/simulators/robot-messages.ts";
import { BadLink } from "./bad-link.ts";
import { JumpingClock } from "./jumping-clock.ts";
import type { Tally } from "./tally.ts";

const GARBLED = 0.01;
const COMES_OR_GOES = 0.02;
const MANUFACTURER = "wild";

export class WildRobot {
  private readonly deviceId: string;
  private readonly major: VdaMajor;
  private readonly link: BadLink;
  private readonly random: Random;
  private readonly tally: Tally;
  private readonly clock: JumpingClock;
  private readonly mutations: readonly Mutation[];
  private headerId: number;

  constructor(options: {
    readonly mqttUrl: string;
    readonly deviceId: string;
    readonly major: VdaMajor;
    readonly random: Random;
    readonly tally: Tally;
  }) {
    this.deviceId = options.deviceId;
    this.major = options.major;
    this.random = options.random;
    this.tally = options.tally;
    this.clock = new JumpingClock(options.random.fork(), options.tally);
    this.headerId = 2 ** 32 - 1 - options.random.below(200);
    this.mutations = mutationsOf(this.state(true)).filter(({ what }) => !what.startsWith("operatingMode"));
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
    if (this.random.chance(COMES_OR_GOES)) {
      const broken = this.major === 2 ? "CONNECTIONBROKEN" : "CONNECTION_BROKEN";
      const connectionState = this.random.pick(["ONLINE", "ONLINE", "OFFLINE", broken]);
      this.say("connection", Buffer.from(JSON.stringify({ ...this.header(), connectionState })), 1);
      return;
    }
    const isGarbled = this.random.chance(GARBLED);
    if (isGarbled) this.tally.garbled += 1;
    // What is garbled has an error in it, as the sample of the mutations.
    const state = this.state(isGarbled || this.random.chance(0.1));
    const payload = isGarbled
      ? this.random.pick(this.mutations).of(state)
      : Buffer.from(JSON.stringify(state));
    this.say("state", payload, 0);
  }

  private state(hasError: boolean): object {
    const state = stateMessage(this.major, this.header(), {
      order: null,
      reached: 0,
      actions: new Map(),
      lastNodeId: `node-${this.random.below(100)}`,
      driving: this.random.chance(0.5),
      position: { x: this.random.below(50), y: this.random.below(50), theta: 0, mapId: "hall" },
      battery: this.random.integer(1, 100),
      charging: false,
      refused: hasError ? { orderId: "host-1", reason: "busy" } : null,
      instantActions: [],
    });
    return { ...state, operatingMode: "MANUAL" };
  }

  private header() {
    this.headerId = this.headerId === 2 ** 32 - 1 ? 0 : this.headerId + 1;
    if (this.headerId === 0) this.tally.wraps += 1;
    return {
      headerId: this.headerId,
      timestamp: this.clock.now().toISOString(),
      version: this.major === 2 ? "2.1.0" : "3.0.0",
      manufacturer: MANUFACTURER,
      serialNumber: this.deviceId,
    };
  }

  private say(kind: "state" | "connection", payload: Buffer, qos: 0 | 1): void {
    this.link.send(robotTopic(this.major, MANUFACTURER, this.deviceId, kind), payload, qos);
  }
}
