/**
 * One order from its request to its delivery, as a collector of traces gets to know it: the real gateway,
 * engine and sagas, payment provider and carriers on real sockets, and the library's own OTLP over HTTP.
 */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { inOrderSpan, orderSpanIds } from "../../config/trace.ts";
import { callHttp } from "../../integrations/vendor-kit/vendor-http.ts";
import { sentOrder } from "../../test-support/orders/sent-order.ts";
import { eventually } from "../../test-support/saga-world.ts";
import { type PaidEdge, startPaidEdge } from "../../test-support/servers/paid-edge.ts";
import { sandboxCatalog } from "../sandbox/catalog.ts";
import { startTraces, type Traces } from "./traces.ts";

const COMPANY = "company-of-the-test";
const CALLER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const TRACEPARENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
const PERSON = ["Grace Hopper", "grace.hopper@example.com", "1 Harvard Yard", "+1 212 555 0100"] as const;
const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");

type OtlpValue = { readonly stringValue?: string; readonly intValue?: number; readonly boolValue?: boolean };
type OtlpSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: OtlpValue }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number };
};
type OtlpBody = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpSpan["attributes"] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
};

/** A collector: takes what is posted to `/v1/traces`. */
type Collector = {
  readonly url: string;
  readonly posts: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }[];
  stop(): Promise<void>;
};

async function startCollector(): Promise<Collector> {
  const posts: Collector["posts"] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      posts.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) });
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

let collector: Collector;
let world: PaidEdge;
let traces: Traces | null = null;
beforeAll(async () => {
  collector = await startCollector();
  world = await startPaidEdge({ dashboardFolder: "none", staffPassword: "a password of the tests 1" });
});
afterEach(async () => {
  await traces?.stop();
  traces = null;
  collector.posts.length = 0;
});
afterAll(async () => {
  await world?.stop();
  await collector?.stop();
});

function collect(node: string, change: Partial<Parameters<typeof startTraces>[0]> = {}): Traces {
  const settings = {
    url: `${collector.url}/v1/traces`,
    protocol: "http/json" as const,
    ratio: 1,
    serviceName: "holdfast",
    ...change,
  };
  traces = startTraces(settings, {
    node,
    version: "1.2.3",
    company: COMPANY,
    logger: pino({ level: "silent" }),
  });
  return traces;
}

/** Every span that has come, with the node that it came from. */
function spans(): readonly (OtlpSpan & { readonly node: string; readonly service: string })[] {
  return collector.posts.flatMap(({ body }) =>
    (JSON.parse(body.toString("utf8")) as OtlpBody).resourceSpans.flatMap(({ resource, scopeSpans }) => {
      const of = new Map(resource.attributes.map(({ key, value }) => [key, value.stringValue ?? ""]));
      const node = of.get("service.instance.id") ?? "";
      const service = of.get("service.name") ?? "";
      return scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, node, service })));
    }),
  );
}

function attribute(span: OtlpSpan, name: string): OtlpValue[keyof OtlpValue] {
  const { stringValue, intValue, boolValue } = span.attributes.find(({ key }) => key === name)?.value ?? {};
  return stringValue ?? (intValue === undefined ? boolValue : Number(intValue));
}

async function seen(what: string, check: () => boolean): Promise<void> {
  await eventually(what, async () => {
    await traces?.flush();
    return check();
  }).catch((error: Error) => {
    throw new Error(
      `${error.message}; seen: ${spans()
        .map(({ node, name }) => `${node} ${name}`)
        .join(", ")}`,
    );
  });
}

const [name, email, line1, phone] = PERSON;
const orderOf = (externalId: string) =>
  sentOrder(externalId, {
    lines: [{ sku: product?.sku, title: "Bag", quantity: 1, unitPrice: "20.00" }],
    paymentMethod: "pm_card_visa",
    customer: { name, email, phone },
    shippingAddress: {
      name,
      line1,
      city: "Reno",
      region: "NV",
      postalCode: "89501",
      country: "US",
      phone,
    },
  });

async function post(externalId: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${world.edge.url}/v1/orders`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${world.edge.credentials.channelKeys["web"]}`,
      "content-type": "application/json",
      "idempotency-key": externalId,
      ...headers,
    },
    body: JSON.stringify(orderOf(externalId)),
  });
}

const isOnTheFloor = (orderId: string) =>
  world.seen(orderId, "on the floor", (view) =>
    view.fulfillmentOrders.some(({ status }) => status === "in_progress"),
  );

test("one order is one trace, from its capture over two nodes to the carrier, linked with its caller's", async () => {
  const orderId = "web-TRACE-1";
  collect("node-a");
  const answer = await post("TRACE-1", { traceparent: TRACEPARENT });
  expect(answer.status, await answer.text()).toBe(201);
  // The caller finds its request again.
  const told = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(answer.headers.get("traceresponse") ?? "");
  expect(told?.[1]).toBe(CALLER.traceId);
  await isOnTheFloor(orderId);
  await seen("the capture", () => spans().some((span) => span.name === "order"));
  // Another process goes on.
  await traces?.stop();
  collect("node-b");
  await world.pack(orderId);
  await world.seen(orderId, "paid and labelled", (view) => view.summary.paymentStatus === "paid");

  const { traceId, spanId } = orderSpanIds(COMPANY, orderId);
  const own = () => spans().filter((span) => span.traceId === traceId);
  await seen("steps of both nodes", () => own().some((span) => span.name === "saga adjustPayment"));
  const root = own().find((span) => span.name === "order");
  expect(root).toMatchObject({ spanId, node: "node-a", service: "holdfast" });
  expect(root?.parentSpanId ?? "").toBe("");
  expect(attribute(root as OtlpSpan, "holdfast.channel")).toBe("web");

  // The request is in its caller's trace; it and the order lead to each other.
  const request = spans().find((span) => span.name === "POST /v1/orders");
  expect(request).toMatchObject({ traceId: CALLER.traceId, parentSpanId: CALLER.spanId, spanId: told?.[2] });
  expect(attribute(request as OtlpSpan, "holdfast.order_id")).toBe(orderId);
  expect(attribute(request as OtlpSpan, "http.response.status_code")).toBe(201);
  expect(request?.links).toMatchObject([{ traceId, spanId }]);
  expect(root?.links).toMatchObject([{ traceId: CALLER.traceId, spanId: request?.spanId }]);

  // Everything of the order hangs below its root, over all nodes.
  const ids = new Map(own().map((span) => [span.spanId, span]));
  expect(ids.size).toBe(own().length);
  for (const span of own()) {
    expect(attribute(span, "holdfast.order_id") ?? (span.kind === 3 ? orderId : undefined), span.name).toBe(
      orderId,
    );
    if (span !== root && span.spanId !== spanId)
      expect(ids.has(span.parentSpanId ?? ""), span.name).toBe(true);
    expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
  }
  const names = new Set(own().map((span) => span.name));
  for (const expected of [
    "engine round",
    "engine commit",
    "outbox workflow.start",
    "outbox workflow.signal",
    "saga authorizePayment",
    "saga adjustPayment",
    "saga buyLabel",
    "mail",
  ])
    expect([...names]).toContain(expected);

  // The engine first decides, in a round of its shards, and then writes.
  const round = own().find((span) => span.name === "engine round");
  const commit = own().find((span) => span.name === "engine commit");
  expect(commit?.startTimeUnixNano).toBe(round?.endTimeUnixNano);
  expect(round?.parentSpanId).toBe(spanId);

  // What one activity does one after the other hangs below it.
  const released = own().find((span) => span.name === "saga releaseToFloor");
  expect(ids.get(released?.parentSpanId ?? "")?.name).toBe("saga goOn");

  // Calls to the payment provider and the carrier are parts of the steps that make them.
  const calls = own().filter((span) => span.kind === 3);
  const callers = new Set(calls.map((span) => ids.get(span.parentSpanId ?? "")?.name));
  expect([...callers]).toEqual(
    expect.arrayContaining(["saga authorizePayment", "saga buyLabel", "saga adjustPayment"]),
  );
  expect(new Set(calls.map((span) => attribute(span, "holdfast.service"))).size).toBeGreaterThan(1);
  expect(calls.every((span) => attribute(span, "http.response.status_code") !== undefined)).toBe(true);
  expect(new Set(own().map((span) => span.node))).toEqual(new Set(["node-a", "node-b"]));

  // No personal data, no secret, and no text that somebody wrote.
  const whole = Buffer.concat(collector.posts.map(({ body }) => body)).toString("utf8");
  for (const word of [...PERSON, "Grace", "89501", "pm_card_visa", "hf_", "Bag"])
    expect(whole.includes(word), word).toBe(false);
  expect(collector.posts.every(({ path }) => path === "/v1/traces")).toBe(true);
});

test("an order that comes over the stream is in the trace that its message names", async () => {
  collect("node-a");
  const socket = new WebSocket(`${world.edge.url.replace("http", "ws")}/v1/stream`, "holdfast.v1.json", {
    headers: { authorization: `Bearer ${world.edge.credentials.channelKeys["web"]}` },
  });
  const answer = new Promise<{ readonly results?: unknown }>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (data) => {
      for (const message of [JSON.parse(String(data))].flat()) if (message.re === "1") resolve(message);
    });
  });
  await new Promise((resolve) => socket.on("open", resolve));
  const payload = JSON.stringify(orderOf("TRACE-2"));
  socket.send(
    JSON.stringify({ id: "1", type: "order.capture", channel: "web", payload, traceparent: TRACEPARENT }),
  );
  expect(await answer).toMatchObject({ results: [{ order: "web-TRACE-2", outcome: "accepted" }] });
  socket.close();
  await seen("the message", () => spans().some((span) => span.name === "stream order.capture"));
  const message = spans().find((span) => span.name === "stream order.capture");
  expect(message).toMatchObject({ traceId: CALLER.traceId, parentSpanId: CALLER.spanId });
  expect(message?.links).toMatchObject([orderSpanIds(COMPANY, "web-TRACE-2")]);
  await isOnTheFloor("web-TRACE-2");
});

test("who is called gets the trace, and a refusal, a repeat or a probe begins none", async () => {
  collect("node-a");
  const other = await startCollector();
  await inOrderSpan("web-1", "saga step", {}, () =>
    callHttp({
      service: "other",
      method: "POST",
      url: `${other.url}/x?token=secret`,
      headers: {},
      body: "{}",
      timeoutMs: 5_000,
    }),
  );
  await other.stop();
  expect((await post("TRACE-1", { "idempotency-key": "again" })).status).toBe(200);
  expect((await fetch(`${world.edge.url}/v1/orders`, { method: "POST" })).status).toBe(401);
  await fetch(`${world.edge.url}/healthz`);
  await seen("the call", () => spans().some((span) => span.name === "POST other"));
  const call = spans().find((span) => span.name === "POST other");
  const { traceId } = orderSpanIds(COMPANY, "web-1");
  expect(other.posts[0]?.headers["traceparent"]).toBe(`00-${traceId}-${call?.spanId}-01`);
  expect(JSON.stringify(call)).not.toContain("secret");
  expect(spans().some((span) => span.name === "order")).toBe(false);
  const statuses = spans().flatMap((span) => attribute(span, "http.response.status_code") ?? []);
  expect(statuses).toEqual(expect.arrayContaining([200, 401]));
  expect(spans().some((span) => span.name.includes("healthz"))).toBe(false);
});

test("every node collects the same part of the orders, and nothing of the others", async () => {
  collect("node-a", { ratio: 0.5 });
  const work = async () => {
    for (let order = 0; order < 40; order += 1)
      for (const step of ["one", "two"]) await inOrderSpan(`web-${order}`, step, {}, async () => {});
    await traces?.flush();
  };
  await work();
  const first = new Map(spans().map((span) => [span.traceId, span]));
  expect(first.size).toBeGreaterThan(5);
  expect(first.size).toBeLessThan(35);
  expect(spans()).toHaveLength(2 * first.size);
  await traces?.stop();
  collector.posts.length = 0;
  collect("node-b", { ratio: 0.5 });
  await work();
  expect(new Set(spans().map((span) => span.traceId))).toEqual(new Set(first.keys()));
});

test("the usual form is protobuf, as the standard wants it", async () => {
  collect("node-a", { protocol: "http/protobuf" });
  await inOrderSpan("web-7", "saga step", {}, async () => {});
  await traces?.flush();
  const [sent] = collector.posts;
  expect(sent?.headers["content-type"]).toBe("application/x-protobuf");
  expect(sent?.body.includes(Buffer.from(orderSpanIds(COMPANY, "web-7").traceId, "hex"))).toBe(true);
});

test("a collector that takes nothing is said once, and costs nobody anything but the spans", async () => {
  const lines: { readonly level: number }[] = [];
  const logger = pino({}, { write: (line) => lines.push(JSON.parse(line)) });
  const closed = createServer((_, response) => response.writeHead(400).end());
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/v1/traces`;
  const settings = { url, protocol: "http/json", ratio: 1, serviceName: "x" } as const;
  traces = startTraces(settings, { node: "n", version: "1", company: COMPANY, logger });
  for (let round = 0; round < 2; round += 1) {
    await expect(inOrderSpan("web-8", "saga step", {}, async () => "done")).resolves.toBe("done");
    await traces.flush();
  }
  expect(lines.map(({ level }) => level)).toEqual([40]);
  closed.close();
  closed.closeAllConnections();
});

test("where nobody collects, nothing is sent and no header is added", async () => {
  const other = await startCollector();
  await inOrderSpan("web-9", "saga step", {}, () =>
    callHttp({ service: "other", method: "GET", url: other.url, headers: {}, timeoutMs: 5_000 }),
  );
  await other.stop();
  expect(other.posts[0]?.headers["traceparent"]).toBeUndefined();
  const answer = await post("TRACE-3", { traceparent: TRACEPARENT });
  expect(answer.headers.get("traceresponse")).toBeNull();
  expect(collector.posts).toEqual([]);
  await isOnTheFloor("web-TRACE-3");
});
