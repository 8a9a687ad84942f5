/**
 * `holdfast send`: streams a channel's own payloads over the WebSocket, as that channel's connector would.
 */
import type { Command } from "commander";
import type { CaptureResult } from "../../contract/orders.ts";
import { findAccess } from "../client/credentials.ts";
import { type PayloadDocument, readPayloads } from "../client/payload-files.ts";
import { StreamClient } from "../client/stream.ts";
import { UserProblem } from "../problem.ts";
import { paint, print, printJson } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type SendOptions = AccessOptions & {
  readonly channel: string;
  readonly kind?: string;
  readonly topic?: string;
};

export function addSendCommand(program: Command): void {
  const command = program
    .command("send")
    .summary("send a channel's own order payloads")
    .description(
      "Sends orders in a channel's own wire format over the WebSocket. A file may hold one order or a list; a folder stands " +
        "for its .json files; - reads standard input. For Amazon, the responses that make up an order (order, items, address, " +
        "buyer) are given together. Sending again is safe: an order that is known comes back as `duplicate`.",
    )
    .requiredOption(
      "--channel <channel>",
      "shopify, amazon, walmart, woocommerce, web, or another channel's id",
    )
    .option("--topic <topic>", "the channel's event, e.g. orders/create (default: from the file's name)")
    .option("--kind <kind>", "the channel's payload format, where it differs from its id")
    .argument("<file...>", "files or folders; - for standard input");
  withAccess(command)
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast send --channel shopify orders-create.2025-07.json
  $ npx holdfast send --channel amazon getOrder.json getOrderItems.json getOrderAddress.json --json
  $ curl -s https://shop.example/orders.json | npx holdfast send --channel shopify -

With --json, one document an order: {order, channel, externalId, outcome, lines, promise}, where outcome is accepted,
duplicate, held (with holdReasons) or refused (with code and detail). Exit status 0 only if none was refused.`,
    )
    .action(send);
}

async function send(files: readonly string[], options: SendOptions): Promise<void> {
  const access = await findAccess(options);
  const payloads = await joinPayloads(await readPayloads(files), options);
  const stream = await StreamClient.open(access);
  let refused = 0;
  try {
    // All are sent at once, as far as the server's credit allows. Results are shown in the order of the
    // files.
    const replies = payloads.map(async (payload) => ({
      payload,
      results: await capture(stream, options.channel, payload),
    }));
    for (const reply of replies) reply.catch(() => {});
    for (const reply of replies) {
      const { payload, results } = await reply;
      for (const result of results) {
        if (result.outcome === "refused") refused += 1;
        if (options.json) printJson(result);
        else print(describe(result, payload.source));
      }
    }
  } finally {
    stream.close();
  }
  if (refused > 0) process.exitCode = 1;
}

/**
 * Documents that belong to one order become one payload. Of the known formats only Amazon's spreads an order
 * over several.
 */
async function joinPayloads(
  documents: readonly PayloadDocument[],
  options: SendOptions,
): Promise<readonly PayloadDocument[]> {
  const { topic } = options;
  const named = documents.map((document) => (topic === undefined ? document : { ...document, topic }));
  if ((options.kind ?? options.channel) !== "amazon") return named;
  const { amazonAdapter } = await import("../../integrations/channels/amazon/adapter.ts");
  return amazonAdapter.join(documents.map((document) => document.text)).map((text) => ({
    source: documents.length === 1 ? (documents[0]?.source ?? "-") : "joined documents",
    text,
    topic: topic ?? null,
  }));
}

async function capture(
  stream: StreamClient,
  channel: string,
  payload: PayloadDocument,
): Promise<readonly CaptureResult[]> {
  const reply = await stream.request({
    type: "order.capture",
    channel,
    payload: payload.text,
    ...(payload.topic === null ? {} : { topic: payload.topic }),
  });
  if (reply.type === "order.captured") return reply.results;
  if (reply.type === "error" && (reply.code === "unknown_channel" || reply.code === "channel_not_found")) {
    throw new UserProblem(
      reply.code,
      `${reply.detail} (${reply.code})`,
      "The sandbox has shopify, amazon, walmart, woocommerce and web.",
    );
  }
  // The whole message was refused: that is reported like an order, so that every file has its line.
  const { code, detail } =
    reply.type === "error"
      ? reply
      : { code: "unexpected_reply", detail: `the server answered ${reply.type}` };
  return [
    { order: null, channel, externalId: null, outcome: "refused", lines: [], promise: null, code, detail },
  ];
}

function describe(result: CaptureResult, source: string): string {
  const lines = result.lines.length === 1 ? "1 line" : `${result.lines.length} lines`;
  const promise = result.promise === null ? "" : `, arrives by ${result.promise.deliverBy}`;
  switch (result.outcome) {
    case "accepted":
      return `${paint("green", "accepted ")} ${result.order}  ${lines}${promise}`;
    case "duplicate":
      return `${paint("dim", "duplicate")} ${result.order}  ${lines}${promise}`;
    case "held":
      return [
        `${paint("yellow", "held     ")} ${result.order}  ${lines}`,
        ...(result.holdReasons ?? []).map((reason) => `            ${reason.code}: ${reason.detail}`),
      ].join("\n");
    case "ignored":
      return `${paint("dim", "ignored  ")} ${result.externalId ?? source}  ${result.detail}`;
    case "refused":
      return `${paint("red", "refused  ")} ${result.order ?? result.externalId ?? source}  ${result.code}: ${result.detail}`;
    default: {
      const unreachable: never = result.outcome;
      return unreachable;
    }
  }
}
