import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { makeConnector, Refusal } from "./new-connector.mjs";

const CHANNELS = join("integrations", "channels");
let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-connector-"));
  mkdirSync(join(root, CHANNELS), { recursive: true });
  mkdirSync(join(root, "docs", "channels"), { recursive: true });
  for (const part of ["connector-template", "registry.ts"])
    cpSync(join(projectRoot, CHANNELS, part), join(root, CHANNELS, part), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const everyFile = () =>
  readdirSync(root, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return [path.slice(root.length), readFileSync(path, "utf8")] as const;
    })
    .sort(([a], [b]) => a.localeCompare(b));

describe("a new connector", () => {
  test("has every file of the template under its own names, its guide, and its line in the registry", () => {
    const files = makeConnector(root, "mangoshop", "Mango Shop");
    const template = readdirSync(join(root, CHANNELS, "connector-template"), { recursive: true });
    const made = readdirSync(join(root, CHANNELS, "mangoshop"), { recursive: true });
    expect(made.sort()).toEqual(template.filter((name) => name !== "guide.md").sort());
    expect(files).toContain("docs/channels/mangoshop.md");
    for (const file of files)
      expect([file, /corner-?shop|connector-template/i.test(textOf(file))]).toEqual([file, false]);
    expect(textOf("integrations/channels/mangoshop/adapter.ts")).toContain(
      'export const mangoshopAdapter: ChannelAdapter = {\n  kind: "mangoshop",',
    );
    expect(textOf("integrations/channels/mangoshop/connection.ts")).toContain("createMangoshopConnection(");
    expect(textOf("integrations/channels/mangoshop/api.ts")).toContain('"MANGOSHOP_API_KEY"');
    expect(textOf("docs/channels/mangoshop.md")).toMatch(/^# Mango Shop\n/);
    const registry = textOf("integrations/channels/registry.ts");
    const imported = [...registry.matchAll(/from "\.\/(\w+)\/vendor/g)].map((match) => match[1]);
    expect(imported).toContain("mangoshop");
    expect(imported).toEqual([...imported].sort());
    expect(registry).toMatch(/\n {2}mangoshop,\n\];/);
  });

  test("says in its own files what is to be filled in", () => {
    const files = makeConnector(root, "mangoshop");
    const left = files.filter((file) => textOf(file).includes("Fill in:"));
    expect(left.length).toBeGreaterThan(6);
  });

  test("is refused where its name is none, is taken, or the registry is not as it is known; nothing changes", () => {
    const before = everyFile();
    const refusal = (name: string, shown?: string) => {
      expect(() => makeConnector(root, name, shown)).toThrow(Refusal);
      expect(everyFile()).toEqual(before);
    };
    for (const name of ["", "Ecwid", "../up", "a b", "x", "1shop", "class", "a".repeat(31), "shopify"])
      refusal(name);
    refusal("mangoshop", "`; drop");
    writeFileSync(join(root, "docs", "channels", "pear.md"), "# Pear");
    before.push(["/docs/channels/pear.md", "# Pear"]);
    before.sort(([a], [b]) => a.localeCompare(b));
    refusal("pear");
    writeFileSync(join(root, CHANNELS, "registry.ts"), "export const channelVendors = [];");
    expect(() => makeConnector(root, "mangoshop")).toThrow("add the vendor's line there");
    expect(readdirSync(join(root, CHANNELS))).not.toContain("mangoshop");
  });
});
