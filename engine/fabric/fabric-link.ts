/**
 * A process's place in the fabric: by its name others send it messages over Redis, and it sends them theirs.
 *
 * Redis' publish and subscribe keep nothing: a message is heard now or never, and whoever sends it is told
 * whether anybody listened. So nothing piles up for a process that is gone, and nothing old is carried out
 * late. What was lost is found and sent again by `remote-engine.ts`.
 *
 * K1 each message goes to one process, in the order in which it was sent, as long as both connections last
 * K2 a process whose own message does not come back to it within seconds takes its connections for dead, and
 *    makes new ones: a peer that is gone without a word would keep it waiting for ever
 * K3 names begin with the company's identity: others may have the same Redis
 */
import { Redis } from "ioredis";
import type { Logger } from "pino";
import { FABRIC_VERSION, type FabricMessage, pack, readMessage } from "./fabric-messages.ts";

/** What became of a message: somebody heard it, nobody did, or nobody knows. */
export type Sent = "heard" | "nobody" | "unknown";

const BEAT_MS = 1_000;
/** Three beats that were not heard. */
const SILENT_AFTER_MS = 3_500;
/** A command to a Redis that is there takes less than a millisecond. */
const ANSWER_WITHIN_MS = 2_000;
const LONGEST_RETRY_MS = 500;

export type FabricLinkOptions = {
  /** `redis://…` or `rediss://…` */
  readonly url: string;
  /** PEM of the authority that Redis' certificate comes from; null: the system's. */
  readonly ca: string | null;
  /** The company's identity. */
  readonly company: string;
  /** By which others reach this process; new with each start. */
  readonly self: string;
  readonly logger: Logger;
};

export class FabricLink {
  readonly self: string;
  private readonly prefix: string;
  private readonly sender: Redis;
  private readonly listener: Redis;
  private readonly logger: Logger;
  private readonly heard: ((message: FabricMessage) => void)[] = [];
  private readonly raised: (() => void)[] = [];
  private readonly noticed = new Map<string, () => void>();
  private readonly beating: NodeJS.Timeout;
  private beatAt = 0;
  private isWarned = false;

  constructor({ url, ca, company, self, logger }: FabricLinkOptions) {
    this.self = self;
    this.prefix = `holdfast:${company}:fabric:`;
    this.logger = logger;
    const options = {
      ...(ca === null ? {} : { tls: { ca } }),
      connectTimeout: ANSWER_WITHIN_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (tries: number) => Math.min(LONGEST_RETRY_MS, 50 * tries),
    };
    this.sender = new Redis(url, { ...options, commandTimeout: ANSWER_WITHIN_MS });
    this.listener = new Redis(url, { ...options, autoResubscribe: false });
    for (const redis of [this.sender, this.listener]) redis.on("error", (error) => this.warn(error));
    this.listener.on("ready", () => void this.subscribe());
    this.listener.on("close", () => {
      this.beatAt = 0;
    });
    this.sender.on("ready", () => this.beat());
    this.listener.on("messageBuffer", (channel: Buffer, bytes: Buffer) =>
      this.hear(channel.toString(), bytes),
    );
    this.beating = setInterval(() => this.beat(), BEAT_MS);
  }

  /** Whether messages come through, as far as anybody can know. */
  isUp(): boolean {
    return performance.now() - this.beatAt < SILENT_AFTER_MS && this.beatAt > 0;
  }

  onMessage(listener: (message: FabricMessage) => void): void {
    this.heard.push(listener);
  }

  /** Called each time that messages come through again. What was sent before may have been lost. */
  onUp(listener: () => void): void {
    this.raised.push(listener);
  }

  /** Has `listener` called when anybody gives `notice` of this name. */
  async onNotice(name: string, listener: () => void): Promise<void> {
    this.noticed.set(this.prefix + name, listener);
    if (this.listener.status === "ready")
      await this.listener.subscribe(this.prefix + name).catch((error: unknown) => this.warn(error));
  }

  async notice(name: string): Promise<void> {
    await this.sender.publish(this.prefix + name, "");
  }

  /** Never rejects. */
  async send(to: string, message: Uint8Array): Promise<Sent> {
    if (this.sender.status !== "ready") return "nobody";
    try {
      const listeners = await this.sender.publish(this.channelOf(to), Buffer.from(message));
      return listeners > 0 ? "heard" : "nobody";
    } catch (error) {
      this.warn(error);
      return "unknown";
    }
  }

  /** Runs a script on one key of the fabric's. Rejects while Redis is away. */
  async run(script: string, key: string, given: readonly (string | number)[]): Promise<unknown> {
    return this.sender.eval(script, 1, this.prefix + key, ...given);
  }

  /** The fields of a hash. Rejects while Redis is away. */
  async readHash(key: string): Promise<Readonly<Record<string, string>>> {
    return this.sender.hgetall(this.prefix + key);
  }

  stop(): void {
    clearInterval(this.beating);
    this.sender.disconnect();
    this.listener.disconnect();
  }

  private channelOf(process: string): string {
    return `${this.prefix}to:${process}`;
  }

  private async subscribe(): Promise<void> {
    try {
      await this.listener.subscribe(this.channelOf(this.self), ...this.noticed.keys());
      this.beat();
    } catch (error) {
      this.warn(error);
      this.listener.disconnect(true);
    }
  }

  private beat(): void {
    if (this.beatAt > 0 && performance.now() - this.beatAt > SILENT_AFTER_MS) {
      this.beatAt = 0;
      this.sender.disconnect(true);
      this.listener.disconnect(true);
      return;
    }
    void this.send(this.self, pack({ version: FABRIC_VERSION, from: this.self, kind: "beat" }));
  }

  private hear(channel: string, bytes: Buffer): void {
    const notice = this.noticed.get(channel);
    if (notice !== undefined) {
      notice();
      return;
    }
    const message = readMessage(bytes);
    if (message === null) {
      this.logger.warn({ bytes: bytes.length }, "a message of the fabric could not be read");
      return;
    }
    if (message.kind !== "beat") {
      for (const listener of this.heard) listener(message);
      return;
    }
    const wasUp = this.beatAt > 0;
    this.beatAt = performance.now();
    if (wasUp) return;
    this.isWarned = false;
    for (const listener of this.raised) listener();
  }

  /** Once for each time that it is away: tries go on several times a second. */
  private warn(error: unknown): void {
    if (this.isWarned) return;
    this.isWarned = true;
    this.logger.warn({ err: error }, "Redis is not reachable: no other process of this system is");
  }
}
