import type { LookupAddress, lookup } from "node:dns";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWebhookSender } from "./webhook-sender.ts";

let server: Server;
let port = 0;
let taken: { readonly url: string; readonly body: string; readonly port: number }[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      taken.push({
        url: request.url ?? "",
        body: Buffer.concat(chunks).toString("utf8"),
        port: request.socket.remotePort ?? 0,
      });
      if (request.url === "/redirect") response.writeHead(302, { location: "/taken" }).end();
      else if (request.url === "/slow") return;
      else if (request.url === "/closing") response.end("x", () => request.socket.destroySoon());
      else if (request.url === "/later") response.writeHead(503, { "retry-after": "120" }).end();
      else if (request.url === "/wordy") response.writeHead(400).end(`no\u0000\n${"€".repeat(500)}`);
      else if (request.url === "/endless") {
        response.writeHead(200);
        const timer = setInterval(() => response.write("x".repeat(65_536)), 1);
        response.on("close", () => clearInterval(timer));
      } else response.writeHead(request.url === "/broken" ? 500 : 200).end("thanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const strict = createWebhookSender({ allowedNetworks: [] });
const home = createWebhookSender({ allowedNetworks: ["127.0.0.0/8", "::1"], timeoutMs: 300 });
const to = (path: string, host = "127.0.0.1") => ({
  url: `http://${host}:${port}${path}`,
  headers: { "content-type": "application/json" },
  body: '{"type":"x"}',
});

describe("an address", () => {
  test.each([
    ["https://127.0.0.1/x", "127.0.0.1 is not a public address."],
    ["https://10.1.2.3/x", "10.1.2.3 is not a public address."],
    ["https://169.254.169.254/latest/meta-data", "169.254.169.254 is not a public address."],
    ["https://2130706433/x", "127.0.0.1 is not a public address."],
    ["https://0x7f.1/x", "127.0.0.1 is not a public address."],
    ["https://[::1]/x", "::1 is not a public address."],
    ["https://[::ffff:10.0.0.1]/x", "is not a public address."],
    ["https://[64:ff9b::a00:1]/x", "is not a public address."],
    ["https://[::127.0.0.1]/x", "is not a public address."],
    ["https://[::]/x", ":: is not a public address."],
    ["https://[fd00::1]/x", "fd00::1 is not a public address."],
    ["http://erp.example.com/x", "It has to begin with https://."],
    ["ftp://erp.example.com/x", "It has to begin with https://."],
    ["https://name:word@erp.example.com/x", "would be seen by many"],
    ["https://erp.example.com/x#y", "What is behind # is not sent."],
    ["nowhere", "It is no address."],
  ])("%s is refused before anything is sent", (url, problem) => {
    expect(strict.problemOf(url)).toContain(problem);
  });

  test("of somebody on the internet is taken", () => {
    for (const url of [
      "https://erp.example.com/holdfast?a=1",
      "https://93.184.216.34/x",
      "https://[2606:4700::1]/x",
    ])
      expect(strict.problemOf(url)).toBeNull();
  });
});

describe("a message", () => {
  test("goes to an allowed network as it is", async () => {
    taken = [];
    expect(await home.send(to("/taken"))).toEqual({
      status: 200,
      problem: null,
      answer: "thanks",
      ms: expect.any(Number),
      retryAfterMs: null,
    });
    expect(taken).toMatchObject([{ url: "/taken", body: '{"type":"x"}' }]);
  });

  test("goes to no name that stands for this machine, whatever the name says", async () => {
    taken = [];
    const answer = await strict.send({ ...to("/taken"), url: `https://localhost:${port}/taken` });
    expect(answer).toMatchObject({
      status: null,
      problem: "It could not be reached: localhost is not a public address.",
    });
    const other = createWebhookSender({ allowedNetworks: ["10.0.0.0/8"] });
    expect((await other.send(to("/taken", "localhost"))).problem).toContain(
      "localhost is not a public address",
    );
    expect(taken).toEqual([]);
    expect((await home.send(to("/taken", "localhost"))).status).toBe(200);
  });

  test("goes to the address that was checked, whatever the name stands for a moment later", async () => {
    taken = [];
    let asked = 0;
    // A public address when it is looked at first, this machine ever after.
    const rebinding = ((_name: string, _options: unknown, done: (...given: readonly unknown[]) => void) => {
      asked += 1;
      const address = asked === 1 ? "192.0.2.1" : "127.0.0.1";
      done(null, [{ address, family: 4 } satisfies LookupAddress]);
    }) as unknown as typeof lookup;
    // 192.0.2.0/24 leads nowhere; here it stands for the public address.
    const open = createWebhookSender({
      allowedNetworks: ["192.0.2.0/24"],
      timeoutMs: 200,
      lookup: rebinding,
    });
    expect((await open.send(to("/taken", "evil.example"))).status).toBeNull();
    expect(asked).toBe(1);
    expect((await open.send(to("/taken", "evil.example"))).problem).toContain(
      "evil.example is not a public address",
    );
    expect(asked).toBe(2);
    expect(taken).toEqual([]);
  });

  test("does not follow a redirect", async () => {
    taken = [];
    const answer = await home.send(to("/redirect"));
    expect(answer).toMatchObject({ status: 302, problem: "It answered 302: redirects are not followed." });
    expect(taken.map(({ url }) => url)).toEqual(["/redirect"]);
  });

  test("is not waited for without end, nor is an answer read without end", async () => {
    expect(await home.send(to("/slow"))).toMatchObject({
      status: null,
      problem: "It did not answer within 0.3 s.",
    });
    expect((await home.send(to("/endless"))).status).toBe(200);
    expect(await home.send(to("/broken"))).toMatchObject({ status: 500, problem: "It answered 500." });
  });

  test("leaves the beginning of its answer behind, without control characters, and when to come again", async () => {
    const wordy = await home.send(to("/wordy"));
    expect(wordy.answer).toBe(`no ${"€".repeat(84)}`);
    expect(wordy.problem).toBe("It answered 400.");
    expect((await home.send(to("/later"))).retryAfterMs).toBe(120_000);
    expect((await home.send(to("/taken"))).retryAfterMs).toBeNull();
  });

  test("goes over the connection of the one before, and over a new one where that was closed", async () => {
    taken = [];
    const fresh = createWebhookSender({ allowedNetworks: ["127.0.0.0/8"] });
    await fresh.send(to("/taken"));
    await fresh.send(to("/taken"));
    expect(new Set(taken.map(({ port: from }) => from)).size).toBe(1);
    for (let each = 0; each < 20; each += 1) {
      expect((await fresh.send(to("/closing"))).status).toBe(200);
      expect((await fresh.send(to("/taken"))).status).toBe(200);
    }
  });

  test("that cannot be delivered is an answer, too", async () => {
    const answer = await home.send({ ...to("/x"), url: "http://127.0.0.1:9/x" });
    expect(answer).toMatchObject({ status: null, problem: expect.stringContaining("could not be reached") });
  });
});
