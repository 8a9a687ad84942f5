/**
 * The queue that Amazon writes its notifications to: SQS, in an account of the seller's at Amazon Web
 * Services, by its JSON protocol.
 *
 * Q1 What was handed out is hidden for a while, and handed out again unless it was forgotten meanwhile. A
 *    receipt is good for the time that it was given: of a message that came twice, both are forgotten.
 * Q2 A call waits at the queue until something comes, so that an empty one is asked three times a minute.
 */
import type { ChannelMessage, ChannelMessages } from "../../../ports/channel-messages.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { signAwsCall } from "../../vendor-kit/aws-signature.ts";
import { faultOf } from "../../vendor-kit/vendor-faults.ts";
import { callJson, type JsonReply } from "../../vendor-kit/vendor-http.ts";
import { listAt, textAt } from "../../vendor-kit/vendor-json.ts";

const SERVICE = "amazon-sqs";
/** As many as SQS hands out at once. */
const MOST = 10;
/** The longest that SQS lets a call wait, seconds. */
const WAIT_S = 20;
/** Longer than ten messages take, also while the engine is being started anew. */
const HIDDEN_S = 120;

export type QueueAccount = {
  /** E.g. `https://sqs.eu-west-1.amazonaws.com/123456789012/orders`. */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};

export type NotificationQueue = ChannelMessages & {
  /** Changes nothing. @throws ServiceFault where it is not there, or not ours to read */
  look(): Promise<void>;
};

export function createNotificationQueue(
  account: QueueAccount,
  options: { readonly timeoutMs: number; readonly now: () => number },
): NotificationQueue {
  const endpoint = `${new URL(account.url).origin}/`;
  const { accessKeyId, secretAccessKey } = account;
  const signer = { accessKeyId, secretAccessKey, region: regionOf(account.url), service: "sqs" };

  async function ask(
    action: string,
    fields: Readonly<Record<string, unknown>>,
    waiting: { readonly ms: number; readonly signal?: AbortSignal } = { ms: 0 },
  ): Promise<unknown> {
    const body = JSON.stringify({ QueueUrl: account.url, ...fields });
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` };
    const reply = await callJson({
      service: SERVICE,
      method: "POST",
      url: endpoint,
      headers: signAwsCall({ url: endpoint, headers, body }, signer, options.now()),
      body,
      timeoutMs: options.timeoutMs + waiting.ms,
      ...(waiting.signal === undefined ? {} : { signal: waiting.signal }),
    });
    if (reply.status === 200) return reply.json;
    throw queueFault(action, reply);
  }

  return {
    async look() {
      await ask("GetQueueAttributes", { AttributeNames: ["QueueArn"] });
    },
    async receive(signal) {
      const answer = await ask(
        "ReceiveMessage",
        { MaxNumberOfMessages: MOST, WaitTimeSeconds: WAIT_S, VisibilityTimeout: HIDDEN_S },
        { ms: WAIT_S * 1_000, signal },
      );
      return listAt(answer, "Messages").map(
        (message): ChannelMessage => ({
          id: textAt(message, "MessageId"),
          payload: textAt(message, "Body"),
          receipt: textAt(message, "ReceiptHandle"),
        }),
      );
    },
    async forget(messages) {
      // What is in `Failed` of the answer comes again, as Q1 says.
      await ask("DeleteMessageBatch", {
        Entries: messages.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt })),
      });
    },
  };
}

/**
 * Of the queue's address: the usual one, of two address families, with approved ciphers, through a network of
 * the account's own, or of the old kind. One that says none is the oldest kind's, or a test's.
 */
export function regionOf(url: string): string {
  const labels = new URL(url).hostname.split(".");
  return labels.find((label) => /^[a-z]{2,4}(-[a-z]+)+-\d+$/.test(label)) ?? "us-east-1";
}

/** The queue's service answers a wrong signature, a missing right and a missing queue alike with 400. */
function queueFault(action: string, reply: JsonReply): ServiceFault {
  const name = textAt(reply.json, "__type").split("#").at(-1) ?? "";
  const facts = { service: SERVICE, status: reply.status };
  // Over its limit, too many messages are handed out and not forgotten yet.
  if (/throttl|overlimit/i.test(name))
    return new ServiceFault(`the queue puts ${action} off`, {
      ...facts,
      code: "rate_limited",
      retryable: true,
    });
  if (/accessdenied|signature|unrecognizedclient|invalidsecurity|token/i.test(name))
    return new ServiceFault(`the queue does not let us ${action} (${name})`, {
      ...facts,
      code: "unauthorized",
      retryable: false,
    });
  const fault = faultOf(SERVICE, action, reply);
  if (fault !== null) return fault;
  return new ServiceFault(`the queue refused ${action} (${name === "" ? reply.status : name})`, {
    ...facts,
    code: /queue/i.test(name) ? "queue_not_found" : "refused",
    retryable: false,
  });
}
