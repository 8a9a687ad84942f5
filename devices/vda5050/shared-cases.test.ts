/**
 * Whatever the published schemas allow must be usable. The cases lie beside the project (`../shared`); where
 * they are absent these tests are skipped and say so.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { parseConnection, parseState } from "./messages.ts";

const shared = join(projectRoot, "..", "shared");
const variants = join(shared, "cases", "devices", "vda-state-variants.json");
const standard = join(shared, "data", "standards", "vda5050", "messages.json");

const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
const bytes = (message: unknown): Buffer => Buffer.from(JSON.stringify(message));

describe("states and connections that the published schemas allow", () => {
  it.skipIf(!existsSync(variants))(`are understood: variants (skipped where ${variants} is absent)`, () => {
    const cases = read(variants) as readonly {
      label: string;
      major: 2 | 3;
      schemaValid: boolean;
      message: unknown;
    }[];
    // The schemas bound neither counters nor versions; a number below 0 or another major is refused all the same.
    const refused = ["headerId -1", "v1.1 robot on uagv/v2 (issue 272)"];
    // Two large ones are described in words only.
    const valid = cases.filter(
      ({ label, schemaValid, message }) =>
        schemaValid && typeof message === "object" && !refused.includes(label),
    );
    expect(valid.length).toBeGreaterThan(20);
    for (const { label, major, message } of valid) {
      expect(() => parseState(bytes(message), major), label).not.toThrow();
    }
  });

  it.skipIf(!existsSync(standard))(`are understood: rules (skipped where ${standard} is absent)`, () => {
    const { messages } = read(standard) as {
      messages: Record<
        string,
        readonly { topic: string; case: string; schemaValid: boolean; message: unknown }[]
      >;
    };
    const parsers = new Map<string, typeof parseState | typeof parseConnection>([
      ["state", parseState],
      ["connection", parseConnection],
    ]);
    for (const [version, cases] of Object.entries(messages)) {
      for (const { topic, schemaValid, message, ...each } of cases) {
        const parse = parsers.get(topic);
        if (parse === undefined || !schemaValid) continue;
        expect(() => parse(bytes(message), version.startsWith("3") ? 3 : 2), each.case).not.toThrow();
      }
    }
  });
});
