/**
 * The gateway over its own TLS, by a real connection to it: what it says of itself there, its cookie, and who
 * is turned away.
 */
import { Agent, type RequestOptions, request } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { SUBPROTOCOL_JSON } from "../contract/stream.ts";
import { type GatewayWorld, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";
import { type Authority, createAuthority, opensslInstalled } from "../test-support/servers/certificates.ts";

const ORIGIN = "https://shop.example";

describe.skipIf(!opensslInstalled)("over TLS of its own", () => {
  let authority: Authority;
  let world: GatewayWorld;
  let port: number;

  beforeAll(async () => {
    authority = createAuthority();
    world = await startGatewayWorld(undefined, {
      publicUrl: ORIGIN,
      tls: authority.issue("gateway"),
      hstsSubdomains: true,
    });
    ({ port } = world.gateway);
  });
  afterAll(async () => {
    await world?.close();
    authority?.remove();
  });

  type Answered = {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    readonly text: string;
    readonly protocol: string | null;
  };

  const call = (
    path: string,
    options: RequestOptions & { readonly json?: unknown } = {},
  ): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const { json, ...rest } = options;
      const sent = request(
        {
          host: "127.0.0.1",
          port,
          // In the certificate; the name in `Host` is another matter.
          servername: "localhost",
          path,
          ca: authority.read(authority.caFile),
          agent: new Agent({ maxCachedSessions: 0 }),
          ...rest,
          headers: {
            host: "shop.example",
            ...(json === undefined ? {} : { "content-type": "application/json" }),
            ...rest.headers,
          },
        },
        async (response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
            protocol: (response.socket as TLSSocket).getProtocol(),
          });
        },
      );
      sent.once("error", reject);
      sent.end(json === undefined ? undefined : JSON.stringify(json));
    });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("it is trusted by its authority, with %s", async (version) => {
    const answered = await call("/healthz", { minVersion: version, maxVersion: version });
    expect([answered.status, answered.protocol]).toEqual([200, version]);
  });

  test("it is not trusted by who does not know its authority, and speaks no plain HTTP", async () => {
    await expect(call("/healthz", { ca: undefined })).rejects.toMatchObject({
      code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    });
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });

  test("browsers are told to keep to https, and that our pages need nothing of a device", async () => {
    for (const path of ["/healthz", "/v1/orders", "/nowhere"]) {
      const { headers } = await call(path);
      expect(headers).toMatchObject({
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "permissions-policy": expect.stringContaining("camera=()"),
        "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
      });
    }
  });

  test("a session's cookie is this host's alone, by https alone, and under no other name", async () => {
    const signedIn = await call("/v1/sessions", {
      method: "POST",
      json: { email: "admin@acme.example", password: STAFF_PASSWORD },
    });
    expect(signedIn.status, signedIn.text).toBe(201);
    const [set = ""] = signedIn.headers["set-cookie"] ?? [];
    expect(set).toMatch(
      /^__Host-holdfast_session_[0-9a-f]{8}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    const [pair = ""] = set.split(";");
    const look = async (cookie: string) =>
      (await call("/v1/sessions/current", { headers: { cookie } })).status;
    expect(await look(pair)).toBe(200);
    expect(await look(pair.replace("__Host-", ""))).toBe(401);
  });

  test("the names of a browser that signs in are of the same kind", async () => {
    const { headers } = await call("/v1/passkey-challenges", { method: "POST", headers: { origin: ORIGIN } });
    expect(headers["set-cookie"]?.[0]).toMatch(
      /^__Host-holdfast_browser_[0-9a-f]{8}=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
  });

  test("a request to another host's name is turned away", async () => {
    const { status, text } = await call("/v1/orders", { headers: { host: "evil.example" } });
    expect([status, JSON.parse(text).code]).toEqual([421, "host_unknown"]);
  });

  test("the stream is there too", async () => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}/v1/stream`, SUBPROTOCOL_JSON, {
      ca: authority.read(authority.caFile),
      headers: { authorization: `Bearer ${world.adminKey}` },
    });
    const hello = await new Promise<string>((resolve, reject) => {
      socket.once("message", (data) => resolve(String(data)));
      socket.once("error", reject);
    });
    socket.terminate();
    expect(JSON.parse(hello)).toMatchObject({ type: "hello" });
  });
});
