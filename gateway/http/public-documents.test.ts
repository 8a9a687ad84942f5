/** What public validators say of the documents that describe the API. */
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { ROUTE_ANSWERS } from "../routes/route-answers.ts";
import { routeTable } from "../routes/route-table.ts";
import { WHEREABOUTS } from "../routes/whereabouts.ts";
import { ANSWER_EXAMPLES } from "./answer-examples.ts";
import { openApiDocument } from "./openapi.ts";
import { EXAMPLES } from "./openapi-examples.ts";

const openApi = openApiDocument(routeTable, {
  answers: ROUTE_ANSWERS,
  whereabouts: WHEREABOUTS,
  publicUrl: "http://localhost:7400",
  sessionCookie: "holdfast_session",
});
const document = JSON.parse(openApi);

test("the OpenAPI document is valid, and has what Redocly's rules ask of a good one", async () => {
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: {
      // A client of one's own machine is no example.
      "no-server-example.com": "off",
      // Health and metrics refuse nobody by their request.
      "operation-4xx-response": "off",
      // `/v1/returns/unknown` and `/v1/returns/{id}`: the router takes literal words first.
      "no-ambiguous-paths": "off",
      // The stream's handshake is answered 101.
      "operation-2xx-response": "off",
      "no-identical-paths": "error",
      // Documents of orders are of any shape; what no schema knows elsewhere is found by answer-examples.test.ts.
      "no-invalid-media-type-examples": { severity: "error", allowAdditionalProperties: true },
    },
  });
  const problems = await lintFromString({ source: openApi, absoluteRef: "openapi.json", config });
  expect(
    problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer} ${message}`),
  ).toEqual([]);
});

test("shapes have names, and every reference leads to one", () => {
  const { schemas } = document.components;
  expect(Object.keys(schemas).length).toBeGreaterThan(100);
  const references = [...openApi.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name,
  );
  expect(references.filter((name) => !(String(name) in schemas))).toEqual([]);
  expect(document.paths["/v1/orders/{id}"].get.responses[200].content["application/json"].schema).toEqual({
    $ref: "#/components/schemas/OrderView",
  });
});

test.each(Object.entries(EXAMPLES))("the example of %s is what the operation takes", (operation, example) => {
  const [method = "", path = ""] = operation.split(" ");
  const { content } = document.paths[path][method.toLowerCase()].requestBody;
  const { schema, example: shown } = content["application/json"];
  expect(shown).toEqual(example);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validate = ajv.compile({ ...schema, components: document.components });
  expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
});

test("each answer in JSON is shown by an example, and so is each body", () => {
  for (const { method, path, body, raw, streamed } of routeTable) {
    const { responses, requestBody } = document.paths[path][method.toLowerCase()];
    const shown = ANSWER_EXAMPLES[`${method} ${path}`];
    if (shown !== undefined)
      expect(responses[shown.status].content["application/json"].example).toEqual(shown.example);
    if (body !== null && !raw && !streamed)
      expect([method, path, requestBody.content["application/json"].example]).not.toContain(undefined);
  }
});

test("each operation has a call to copy", () => {
  const { source } = document.paths["/v1/orders"].post["x-codeSamples"][0];
  expect(source).toContain(
    'curl -X POST "$HOLDFAST_URL/v1/orders" \\\n  -H "Authorization: Bearer $HOLDFAST_KEY"',
  );
  expect(source).toContain(`-d '{"id":"1001"`);
  const place = document.paths["/v1/locations"].post["x-codeSamples"][0].source;
  expect(place).toMatch(/-d '\{"id":"[^']+\}'$/);
});
