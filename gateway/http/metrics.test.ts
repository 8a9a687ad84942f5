import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { DEVICE_EVENT_KINDS } from "../../contract/devices.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import type { BridgeStatus } from "../../ports/devices.ts";
import { createMetrics } from "./metrics.ts";

const ALLOCATOR = { status: async () => [] } as unknown as AllocatorClient;
const STATUS: BridgeStatus = {
  sessions: [{ name: "robot", connected: true, reconnects: 2 }],
  devices: [{ kind: "robot", connection: "online", count: 3 }],
  deadLetters: new Map([["invalid_json", 4]]),
  events: new Map(DEVICE_EVENT_KINDS.map((kind) => [kind, 1])),
};
const ADRIFT = async () => [{ locationId: "east", loads: 2, oldestSeconds: 90 }];

/** Name, and labels with their values, of every line. */
function served(text: string): readonly { readonly name: string; readonly labels: string }[] {
  return text
    .split("\n")
    .map((line) => /^([a-z_]+)(?:\{(.*)\})? /.exec(line))
    .map((found) => ({ name: found?.[1] ?? "", labels: found?.[2] ?? "" }));
}

test("every metric and label that an example's alert rule names is served", async () => {
  const rules = readFileSync(join(projectRoot, "docs/examples/device-alerts.yml"), "utf8");
  const lines = served(await createMetrics(ALLOCATOR, () => STATUS, ADRIFT).text());
  const expressions = [...rules.matchAll(/^ +expr: (.+)$/gm)].map(([, expression = ""]) => expression);
  expect(expressions).toHaveLength([...rules.matchAll(/^ +- alert: /gm)].length);
  for (const expression of expressions) {
    const [metric, name = "", selector = ""] = /(holdfast_[a-z_]+)(?:\{([^}]*)\})?/.exec(expression) ?? [];
    const ofIt = lines.filter((line) => line.name === name);
    expect(ofIt, expression).not.toEqual([]);
    const by = /by \(([a-z_]+)\)/.exec(expression)?.[1];
    if (by !== undefined) expect(ofIt[0]?.labels, expression).toContain(`${by}="`);
    for (const [, label, how, value] of selector.matchAll(/([a-z_]+)(=|!=)"([^"]*)"/g)) {
      const pair = how === "=" ? `${label}="${value}"` : `${label}="`;
      expect(
        ofIt.some(({ labels }) => labels.includes(pair)),
        `${metric}`,
      ).toBe(true);
    }
  }
});

test("what is adrift is counted by place, and is no number where the database is away", async () => {
  let isAway = false;
  const metrics = createMetrics(ALLOCATOR, null, async () => {
    if (isAway) throw new Error("away");
    return ADRIFT();
  });
  const text = await metrics.text();
  expect(text).toContain('holdfast_loads_adrift{location="east"} 2');
  expect(text).toContain('holdfast_loads_adrift_oldest_seconds{location="east"} 90');
  isAway = true;
  const later = await metrics.text();
  expect(later).toContain("holdfast_engine_up 1");
  expect(later).not.toContain('location="east"');
});
