import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { routeTable } from "../../gateway/routes/route-table.ts";
import { buildProgram } from "../program.ts";
import { commandsOf, REST_CALLS } from "./rest-calls.ts";

const program = buildProgram();
const commands = commandsOf(program).filter(({ name }) => !name.endsWith("help"));
/** They play a day, or send files over the stream. */
const OF_THEIR_OWN = ["send", "simulate-day"];

function helpOf({ command }: (typeof commands)[number]): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

test.each(commands.map((one) => [one.name, one] as const))("`%s --help` says what it is for", (name, one) => {
  const help = helpOf(one);
  expect(help).toContain(`Usage: holdfast ${name}`);
  expect(one.command.description()).toMatch(/^[A-Z].{10,}/s);
  for (const { mandatory, long } of one.command.options)
    if (mandatory) expect(help.replaceAll(/\s+/g, " ")).toMatch(new RegExp(`${long} .*?\\(required\\)`));
  const calls = REST_CALLS.get(name);
  if (calls !== undefined) expect(help).toContain(`REST: ${calls.join(", ")}`);
});

test.each([
  "start",
  "serve",
  "setup",
  "staff",
  "key",
  "send",
  "order",
  "simulate-day",
  "map-sku",
  "product",
  "stock",
])("`%s --help` has an example", (name) => {
  const command = commands.find((one) => one.name === name) ?? expect.fail(`there is no command ${name}`);
  expect(helpOf(command)).toMatch(/Examples?:/);
});

test("every command that asks a running system prints documents and is a REST call", () => {
  const asking = commands.filter(({ command }) => command.options.some(({ long }) => long === "--url"));
  expect(asking.length).toBeGreaterThan(80);
  for (const { name, command } of asking)
    expect([name, command.options.some(({ long }) => long === "--json")]).toEqual([name, true]);
  expect(
    asking.map(({ name }) => name).filter((name) => !REST_CALLS.has(name) && !OF_THEIR_OWN.includes(name)),
  ).toEqual([]);
});

test("the table names commands and routes that there are, and no others", () => {
  const names = new Set(commands.map(({ name }) => name));
  const routes = new Set(routeTable.map(({ method, path }) => `${method} ${path}`));
  for (const [name, calls] of REST_CALLS) {
    expect(names).toContain(name);
    for (const call of calls) expect(routes).toContain(call);
  }
});

test("docs/operations.md lists every command", () => {
  const document = readFileSync(join(projectRoot, "docs", "operations.md"), "utf8");
  const missing = program.commands
    .map((each) => each.name())
    .filter((name) => !document.includes(`| \`${name}\` |`));
  expect(missing).toEqual([]);
});
