/** `npm run advisories`, with npm itself asking a registry of the test's own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { DAYS, judge } from "./advisories.mjs";

const advisory = (id: string, severity: string, name = "mqtt") => ({
  source: 1,
  name,
  title: `${name} does too much`,
  url: `https://github.com/advisories/${id}`,
  severity,
  range: "*",
});
const report = {
  vulnerabilities: {
    mqtt: { via: [advisory("GHSA-low", "low"), advisory("GHSA-high", "high")] },
    aedes: { via: ["mqtt", advisory("GHSA-high", "high")] },
    pg: { via: [advisory("GHSA-critical", "critical", "pg")] },
  },
};
const at = (day: string) => Date.parse(day);

test("an advisory has its time from the day on which it was noted, by how bad it is", () => {
  const noted = [
    { id: "GHSA-high", since: "2026-11-01", reason: "no such messages are read" },
    { id: "GHSA-low", since: "2026-01-01", reason: "" },
  ];
  const judged = judge(report, noted, at("2026-11-30"));
  expect(judged.map(({ id, until, isOver }) => [id, until, isOver])).toEqual([
    ["GHSA-critical", null, true],
    ["GHSA-high", "2026-12-01", false],
    ["GHSA-low", "2026-06-30", true],
  ]);
  expect(judge(report, noted, at("2026-12-02")).find(({ id }) => id === "GHSA-high")?.isOver).toBe(true);
});

test("SECURITY.md promises the same days", () => {
  const text = readFileSync(join(projectRoot, "SECURITY.md"), "utf8");
  for (const [severity, days] of Object.entries(DAYS))
    if (severity !== "info") expect(text).toMatch(new RegExp(`\\| ${severity} \\| ${days} days \\|`));
});

/** Runs the command against a registry that answers so. */
async function run(answer: unknown) {
  const asked: Record<string, readonly string[]>[] = [];
  const registry = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const isBulk = request.url === "/-/npm/v1/security/advisories/bulk" && answer !== null;
    if (isBulk) asked.push(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()));
    response.writeHead(isBulk ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isBulk ? answer : {}));
  });
  registry.listen(0, "127.0.0.1");
  await once(registry, "listening");
  const cache = mkdtempSync(join(tmpdir(), "holdfast-npm-"));
  onTestFinished(() => {
    registry.close();
    rmSync(cache, { recursive: true, force: true });
  });
  const child = spawn(process.execPath, [join(projectRoot, "test-support", "advisories.mjs")], {
    cwd: projectRoot,
    env: {
      ...process.env,
      npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}`,
      npm_config_cache: cache,
      npm_config_fetch_retries: "0",
    },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text) => {
      said += text;
    });
  const [status] = (await once(child, "close")) as [number];
  return { status, said, asked };
}

test("a library with a known fault fails the command, none passes, and a registry that says nothing is told apart", async () => {
  const of = (severity: string) => ({
    mqtt: [
      {
        id: 7,
        url: "https://github.com/advisories/GHSA-made-up",
        title: "mqtt does too much",
        severity,
        vulnerable_versions: "*",
        cwe: [],
        cvss: { score: 0, vectorString: null },
      },
    ],
  });
  const bad = await run(of("high"));
  expect([bad.status, bad.said]).toEqual([1, expect.stringContaining("high\tmqtt\tGHSA-made-up\tnew")]);
  // What production has is asked about, and nothing else.
  expect(bad.asked[0]).toHaveProperty("pg");
  expect(bad.asked[0]).not.toHaveProperty("vitest");
  expect(await run({})).toMatchObject({ status: 0, said: expect.stringContaining("0 advisories") });
  expect(await run(null)).toMatchObject({ status: 2, said: expect.stringContaining("told nothing") });
});
