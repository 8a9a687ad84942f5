import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { freePort } from "../../cli/embedded/free-port.ts";
import { createAuthority, opensslInstalled } from "../../test-support/servers/certificates.ts";
import { LocalDelays } from "./guess-limit.ts";
import { connectRedis, SharedDelays, SharedTokenBuckets } from "./shared-token-buckets.ts";
import { TokenBuckets } from "./token-buckets.ts";

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const rate = { size: 3, perSecond: 0.01 };
const logger = pino({ level: "silent" });
const undone: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});

async function startRedis(
  tls: { readonly certFile: string; readonly keyFile: string } | null = null,
): Promise<{ readonly url: string; readonly server: ChildProcess }> {
  const port = await freePort();
  const listen =
    tls === null
      ? ["--port", String(port)]
      : [
          ...["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no"],
          ...[
            "--tls-cert-file",
            tls.certFile,
            "--tls-key-file",
            tls.keyFile,
            "--tls-ca-cert-file",
            tls.certFile,
          ],
        ];
  const server = spawn("redis-server", [...listen, "--save", "", "--appendonly", "no"]);
  undone.push(async () => {
    if (server.exitCode === null && server.kill("SIGKILL")) await once(server, "exit");
  });
  for await (const chunk of server.stdout) if (String(chunk).includes("Ready to accept")) break;
  return { url: `${tls === null ? "redis" : "rediss"}://127.0.0.1:${port}`, server };
}

async function gateway(
  url: string,
  { company = "acme", ca = null }: { readonly company?: string; readonly ca?: string | null } = {},
): Promise<SharedTokenBuckets> {
  const redis = connectRedis(url, { company, logger, ca });
  undone.push(() => redis.disconnect());
  await once(redis, "ready");
  return new SharedTokenBuckets(redis, "test", rate, new TokenBuckets(rate, 10));
}

describe.skipIf(!hasRedis)(
  `limits counted in Redis${hasRedis ? "" : " (skipped: install redis-server)"}`,
  () => {
    test.skipIf(!opensslInstalled)(
      "over TLS it counts at a server of the authority, and at no other",
      async () => {
        const authority = createAuthority();
        const other = createAuthority();
        undone.push(authority.remove, other.remove);
        const { url } = await startRedis(authority.issue("redis"));
        const trusting = await gateway(url, { ca: authority.read(authority.caFile) });
        await trusting.take("ada", 0);
        // What another gateway counted is seen: it was really kept there.
        const second = await gateway(url, { ca: authority.read(authority.caFile) });
        const waits = [await second.take("ada", 0), await second.take("ada", 0), await second.take("ada", 0)];
        expect(waits.map((wait) => wait > 0)).toEqual([false, false, true]);

        for (const ca of [other.read(other.caFile), null]) {
          const redis = connectRedis(url, { company: "acme", logger, ca });
          undone.push(() => redis.disconnect());
          const [error] = await once(redis, "error");
          expect(error).toMatchObject({
            code: expect.stringMatching(/UNABLE_TO_VERIFY|SELF_SIGNED|CERT_SIGNATURE_FAILURE/),
          });
        }
      },
    );

    test("two gateways count the attempts of one account together", async () => {
      const { url } = await startRedis();
      const [first, second] = [await gateway(url), await gateway(url)];
      const waits = [
        await first.take("ada", 0),
        await second.take("ada", 0),
        await first.take("ada", 0),
        await second.take("ada", 0),
      ];
      expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
      expect(waits[3]).toBeGreaterThan(0);
      expect(await second.take("grace", 0)).toBe(0);
    });

    test("two gateways slow the guesses at one account from one address together", async () => {
      const { url } = await startRedis();
      const gateways = await Promise.all(
        [1, 2].map(async () => {
          const redis = connectRedis(url, { company: "acme", logger, ca: null });
          undone.push(() => redis.disconnect());
          await once(redis, "ready");
          return new SharedDelays(redis, new LocalDelays(10));
        }),
      );
      const [first, second] = gateways;
      if (first === undefined || second === undefined) throw new Error("two gateways");
      const begin = (gateway: SharedDelays, name = "198.51.100.7 ada") => gateway.begin(name, 60_000, 0);
      for (const gateway of [first, second, first, second, first]) expect(await begin(gateway)).toBe(0);
      expect(await begin(second)).toBeGreaterThan(500);
      expect(await begin(second, "198.51.100.8 ada")).toBe(0);
      await first.forget("198.51.100.7 ada");
      expect(await begin(second)).toBe(0);
    });

    test("two companies on one Redis do not count each other's attempts", async () => {
      const { url } = await startRedis();
      const [acme, bolt] = [await gateway(url), await gateway(url, { company: "bolt" })];
      for (let attempt = 0; attempt < 3; attempt += 1) expect(await acme.take("ada", 0)).toBe(0);
      expect(await acme.take("ada", 0)).toBeGreaterThan(0);
      expect(await bolt.take("ada", 0)).toBe(0);
    });

    test("a gateway whose Redis has died counts alone and goes on limiting", async () => {
      const { url, server } = await startRedis();
      const limit = await gateway(url);
      expect(await limit.take("ada", 0)).toBe(0);
      server.kill("SIGKILL");
      await once(server, "exit");
      const waits = [];
      for (let attempt = 0; attempt < 4; attempt += 1) waits.push(await limit.take("ada", 0));
      expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
      expect(waits[3]).toBeGreaterThan(0);
    });
  },
);
