/**
 * The simulated queue at Amazon Web Services that a seller's notifications are written to: SQS's JSON
 * protocol, signed calls, long polling, messages that are hidden while somebody works on them.
 *
 * What the server's faults lose of webhooks is lost here, what they repeat comes twice, and what they delay
 * comes behind later ones.
 */
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { SimulatedReply, SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import type { DrawnServerFaults } from "../../../simulator-kit/faults.ts";
import { signAwsCall } from "../../../vendor-kit/aws-signature.ts";
import { countAt, listAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { bodyOf } from "./feeds.ts";

const ACCESS_KEY_ID = "AKIAHOLDFASTSIM00001";
const SECRET_ACCESS_KEY = "simulated/secret+access-key-of-the-queue";
const SKEW_MS = 15 * 60_000;
const TICK_MS = 50;

type Message = {
  readonly id: string;
  readonly body: string;
  /** By the machine's clock, as everything of the queue's. */
  visibleAtMs: number;
  /** How often it was handed out. */
  received: number;
};

export class SimulatedQueue {
  private readonly url: () => string;
  private readonly faults: DrawnServerFaults;
  private readonly now: () => number;
  private readonly look: () => void;
  private readonly messages = new Map<string, Message>();
  private lastId = 0;
  /** Goes up when whoever waits is sent away. */
  private waits = 0;

  /** @param look called before a message is looked for: whoever has something to say says it then */
  constructor(options: {
    readonly url: () => string;
    readonly faults: DrawnServerFaults;
    readonly now: () => number;
    readonly look: () => void;
  }) {
    this.url = options.url;
    this.faults = options.faults;
    this.now = options.now;
    this.look = options.look;
  }

  /** Values of the vendor's variables that reach it. */
  get account(): Readonly<Record<string, string>> {
    return {
      AMAZON_QUEUE_URL: this.url(),
      AMAZON_QUEUE_ACCESS_KEY_ID: ACCESS_KEY_ID,
      AMAZON_QUEUE_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    };
  }

  /** How many messages it has that nobody has had it forget. */
  get waiting(): number {
    return this.messages.size;
  }

  isFor({ method, path, headers }: SimulatedRequest): boolean {
    return method === "POST" && path === "/" && headers["x-amz-target"] !== undefined;
  }

  send(body: string): void {
    const { times, delayMs } = this.faults.drawWebhook();
    for (let time = 0; time < times; time += 1) {
      this.lastId += 1;
      const id = `m-${this.lastId}`;
      const visibleAtMs = performance.now() + delayMs * (time + 1);
      this.messages.set(id, { id, body, visibleAtMs, received: 0 });
    }
  }

  /** What somebody works on is hidden no longer, as after its time. */
  showAll(): void {
    for (const message of this.messages.values()) message.visibleAtMs = 0;
  }

  async answer(request: SimulatedRequest): Promise<SimulatedReply> {
    if (!this.isSigned(request))
      return refused("com.amazon.coral.service#InvalidSignatureException", "The signature does not match.");
    const fields = bodyOf(request);
    if (textAt(fields, "QueueUrl") !== this.url())
      return refused("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.");
    switch (request.headers["x-amz-target"]) {
      case "AmazonSQS.GetQueueAttributes":
        return awsReply(200, {
          Attributes: { QueueArn: "arn:aws:sqs:us-east-1:000000000000:notifications" },
        });
      case "AmazonSQS.ReceiveMessage":
        return awsReply(200, await this.receive(fields));
      case "AmazonSQS.DeleteMessageBatch":
        return awsReply(200, this.forget(fields));
      default:
        return refused("com.amazon.coral.service#UnknownOperationException", "");
    }
  }

  throttled(): SimulatedReply {
    return refused("com.amazonaws.sqs#RequestThrottled", "Rate exceeded");
  }

  /** Whoever waits now gets nothing: also a call whose caller has gone, which would take a message along. */
  endWaiting(): void {
    this.waits += 1;
  }

  private async receive(fields: unknown): Promise<Record<string, unknown>> {
    const most = countAt(fields, "MaxNumberOfMessages") || 1;
    const hiddenMs = countAt(fields, "VisibilityTimeout") * 1_000;
    const until = performance.now() + (countAt(fields, "WaitTimeSeconds") || 0) * 1_000;
    const { waits } = this;
    for (;;) {
      // SQS leaves the list out where it is empty.
      if (this.waits !== waits) return {};
      this.look();
      const found = [...this.messages.values()]
        .filter(({ visibleAtMs }) => visibleAtMs <= performance.now())
        .slice(0, most);
      if (found.length > 0) return { Messages: found.map((message) => this.handedOut(message, hiddenMs)) };
      if (performance.now() >= until) return {};
      await pause(TICK_MS);
    }
  }

  private handedOut(message: Message, hiddenMs: number): Record<string, unknown> {
    message.received += 1;
    message.visibleAtMs = performance.now() + hiddenMs;
    return {
      MessageId: message.id,
      ReceiptHandle: `${message.id}#${message.received}`,
      MD5OfBody: createHash("md5").update(message.body).digest("hex"),
      Body: message.body,
    };
  }

  /** A receipt of an earlier time is no longer good once the message was handed out again. */
  private forget(fields: unknown): Record<string, unknown> {
    const [done, failed]: [unknown[], unknown[]] = [[], []];
    for (const entry of listAt(fields, "Entries")) {
      const Id = textAt(entry, "Id");
      const [id = "", received] = textAt(entry, "ReceiptHandle").split("#");
      const message = this.messages.get(id);
      if (message !== undefined && message.received !== Number(received)) {
        failed.push({ Id, Code: "ReceiptHandleIsInvalid", SenderFault: true });
        continue;
      }
      this.messages.delete(id);
      done.push({ Id });
    }
    return { Successful: done, Failed: failed };
  }

  private isSigned({ headers, body, origin }: SimulatedRequest): boolean {
    const time = headers["x-amz-date"] ?? "";
    const atMs = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
    // Callers go by the shop's clock or by the machine's, and tests set the shop's as they like.
    const isNear = [this.now(), Date.now()].some((clockMs) => Math.abs(atMs - clockMs) <= SKEW_MS);
    if (!isNear) return false;
    const signed = ["content-type", "x-amz-target"].map((name) => [name, headers[name] ?? ""] as const);
    const { authorization } = signAwsCall(
      { url: `${origin}/`, headers: Object.fromEntries(signed), body: body.toString("utf8") },
      {
        accessKeyId: ACCESS_KEY_ID,
        secretAccessKey: SECRET_ACCESS_KEY,
        region: "us-east-1",
        service: "sqs",
      },
      atMs,
    );
    return authorization === headers["authorization"];
  }
}

function awsReply(status: number, body: unknown): SimulatedReply {
  return { status, contentType: "application/x-amz-json-1.0", body: JSON.stringify(body) };
}

function refused(type: string, message: string): SimulatedReply {
  return awsReply(400, { __type: type, message });
}
