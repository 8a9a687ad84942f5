import { join } from "node:path";
import type { TSchema } from "typebox";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { answerExamplesFile, faultOf, isBare } from "../../test-support/examples/answer-examples.ts";
import { ROUTE_ANSWERS } from "../routes/route-answers.ts";
import { routeTable } from "../routes/route-table.ts";
import { ANSWER_EXAMPLES } from "./answer-examples.ts";

const answering = routeTable.filter(({ reply }) => reply !== null);

test("examples of answers are as their schemas say; `-u` takes new ones from what was recorded", async () => {
  await expect(answerExamplesFile(process.env["HOLDFAST_ANSWERS"])).toMatchFileSnapshot(
    join(projectRoot, "gateway/http/answer-examples.ts"),
  );
});

test("every operation that answers JSON has an example of it, of a status that it has", () => {
  const names = answering.map(({ method, path }) => `${method} ${path}`);
  const without = names.filter((name) => ANSWER_EXAMPLES[name] === undefined);
  expect(without).toEqual([]);
  for (const { method, path, reply } of answering) {
    const name = `${method} ${path}`;
    const shown = ANSWER_EXAMPLES[name];
    if (shown === undefined) continue;
    expect([name, ROUTE_ANSWERS[name]?.statuses]).toEqual([name, expect.arrayContaining([shown.status])]);
    expect([name, faultOf(reply as TSchema, shown)]).toEqual([name, null]);
  }
});

test("an example of a list has something in it", () => {
  const bare = answering
    .map(({ method, path }) => `${method} ${path}`)
    .filter((name) => isBare(ANSWER_EXAMPLES[name] ?? expect.fail(`${name} shows no answer`)));
  expect(bare).toEqual([]);
  expect(isBare({ status: 200, example: { items: [], next: null } })).toBe(true);
});

test("an example that is not as its schema says is told by what is wrong", () => {
  const order = routeTable.find(({ method, path }) => `${method} ${path}` === "GET /v1/orders/{id}/timeline");
  const reply = order?.reply as TSchema;
  expect(faultOf(reply, { status: 200, example: { items: [], next: null } })).toBeNull();
  expect(faultOf(reply, { status: 200, example: { items: [] } })).toBe("is not as the schema says");
  expect(faultOf(reply, { status: 200, example: { items: [], next: null, more: 1 } })).toBe(
    "has /more, which the schema does not",
  );
});

test("examples tell neither secrets nor whose machine it was", () => {
  const text = JSON.stringify(ANSWER_EXAMPLES);
  expect(text.match(/hf_[0-9a-z]{12,16}_(?!A{43})[\w-]{43}/)).toBeNull();
  expect(text.match(/whsec_(?!A{43}=)[\w+/=]+/)).toBeNull();
  expect(text).not.toMatch(/\/tmp\/|\/home\/|\/root\//);
});
