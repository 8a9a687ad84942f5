/** `holdfast mail-template` against a real gateway. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MailTemplateSummary, MailTemplateView } from "../contract/settings/mail-templates.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-mail-template-"));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const template = (...args: readonly string[]) => runAsAdmin(world, ["mail-template", ...args], folder);

test("shows, previews and sets a text from files, and sets it back", async () => {
  const shown = await template("show", "shipped");
  expect([shown.status, shown.stderr]).toEqual([0, ""]);
  expect(shown.stdout).toContain("trackingNumber");
  const file = join(folder, "shipped.de.txt");
  writeFileSync(file, "Ihr Paket {{ trackingNumber }} ist unterwegs.\n");
  const draft = ["--language", "de", "--subject", "Unterwegs: {{ orderNumber }}", "--text-file", file];
  const seen = await template("preview", "shipped", ...draft);
  expect([seen.status, seen.stdout]).toEqual([
    0,
    "Unterwegs: #9999\n\nIhr Paket 1Z999AA10123456784 ist unterwegs.\n",
  ]);
  const [set] = jsonLines<MailTemplateView>(await template("set", "shipped", ...draft, "--json"));
  expect(set).toMatchObject({ own: true, version: 2, html: null });
  const listed = jsonLines<MailTemplateSummary>(await template("list", "--json"));
  expect(listed.find(({ kind }) => kind === "shipped")?.languages).toEqual(["de"]);
  expect((await template("use-shipped", "shipped", "--language", "de")).stdout).toContain("the shipped text");
});

test("says everything that is wrong with a text, by its place", async () => {
  const file = join(folder, "wrong.txt");
  writeFileSync(file, "{{ trackingNumbr }}\n{{ carier }}");
  const outcome = await template("preview", "shipped", "--text-file", file);
  expect([outcome.status, outcome.stdout]).toEqual([1, ""]);
  expect(outcome.stderr).toContain('text, line 1, column 4: There is no variable "trackingNumbr"');
  expect(outcome.stderr).toContain('text, line 2, column 4: There is no variable "carier"');
});

test.each([
  [["show", "birthday"], 1, "not_found"],
  [["set", "shipped", "--text-file", "no-such-file"], 2, "--text-file"],
])("refuses %j with status %d and a reason", async (args, status, reason) => {
  const outcome = await template(...args);
  expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
  expect(outcome.stderr).toContain(reason);
});
