/** The command line's REST client against a real HTTP server that dies, breaks off and is busy. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { RequestRefused, RestClient } from "./rest.ts";

type Step = (request: IncomingMessage, response: ServerResponse) => void;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Answers its requests by `steps` in turn, and all later ones by the last step. */
async function serve(
  steps: readonly Step[],
): Promise<{ url: string; readonly keys: (string | undefined)[] }> {
  const keys: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    keys.push(request.headers["idempotency-key"]?.toString());
    request.resume().on("end", () => steps[Math.min(keys.length, steps.length) - 1]?.(request, response));
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, keys };
}

const access = (url: string) => ({
  url,
  key: "hk_test",
  databaseUrl: null,
  temporal: null,
  simulatorsUrl: null,
});

const dies: Step = (request) => request.socket.destroy();
const breaksOff: Step = (request, response) => {
  response.writeHead(201, { "content-type": "application/json", "content-length": "100" });
  response.write('{"sku":', () => request.socket.destroy());
};
const refuses =
  (status: number, problem: object): Step =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
  };
const stillRunning = refuses(409, { code: "idempotency_in_flight", detail: "Running.", retryAfterMs: 2 });
const answers: Step = (_, response) => {
  response.writeHead(201, { "content-type": "application/json" }).end('{"sku":"MUG-1"}');
};

test("a request that died with the gateway is repeated under its key for as long as that is taken", async () => {
  const gateway = await serve([dies, ...Array.from({ length: 40 }, () => stillRunning), answers]);
  const client = new RestClient(access(gateway.url), { patienceMs: 10_000 });
  expect(await client.post("/v1/products", {})).toEqual({ sku: "MUG-1" });
  expect(gateway.keys).toHaveLength(42);
  expect(new Set(gateway.keys).size).toBe(1);
});

test("an answer that breaks off is none, and is asked for again", async () => {
  const gateway = await serve([breaksOff, answers]);
  const client = new RestClient(access(gateway.url), { patienceMs: 10_000 });
  expect(await client.post("/v1/products", {})).toEqual({ sku: "MUG-1" });
  expect(new Set(gateway.keys).size).toBe(1);
});

test("without patience a gateway that is gone is told at once, and a busy one is asked ten times", async () => {
  const gone = await serve([dies]);
  await expect(new RestClient(access(gone.url)).get("/v1/orders")).rejects.toMatchObject({
    code: "unreachable",
  });
  expect(gone.keys).toHaveLength(1);

  const busy = await serve([refuses(503, { code: "overloaded", detail: "Later.", retryAfterMs: 1 })]);
  await expect(new RestClient(access(busy.url)).get("/v1/orders")).rejects.toMatchObject({
    code: "overloaded",
    status: 503,
  });
  expect(busy.keys).toHaveLength(10);
});

test("a refusal is told at once with its code, and a busy gateway that recovers is not one", async () => {
  const refusing = await serve([refuses(422, { code: "invalid_request", detail: "sku is missing." })]);
  const refusal = new RestClient(access(refusing.url), { patienceMs: 10_000 }).post("/v1/products", {});
  await expect(refusal).rejects.toBeInstanceOf(RequestRefused);
  expect(refusing.keys).toHaveLength(1);

  const recovering = await serve([refuses(429, { code: "rate_limited", retryAfterMs: 1 }), answers]);
  expect(await new RestClient(access(recovering.url)).post("/v1/products", {})).toEqual({ sku: "MUG-1" });
});
