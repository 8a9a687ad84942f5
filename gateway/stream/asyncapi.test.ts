/** The AsyncAPI document: valid by its makers' own reader, and true to the frames and topics that there are. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Parser } from "@asyncapi/parser";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { parseConveyorEvent, parseStatus } from "../../devices/conveyor/conveyor-messages.ts";
import { deviceTopic, parseTopic } from "../../devices/mqtt/topics.ts";
import { asyncApiDocument, CONVEYOR_MESSAGES } from "./asyncapi.ts";

// biome-ignore lint/suspicious/noExplicitAny: the document is read as its readers do
type Json = any;

const source = asyncApiDocument({ publicUrl: "https://oms.example" });
const document: Json = JSON.parse(source);
const frames: Json = JSON.parse(
  readFileSync(join(projectRoot, "contract", "conformance", "frames.json"), "utf8"),
);

test("the AsyncAPI parser finds nothing wrong", async () => {
  const { diagnostics } = await new Parser().parse(source);
  const faults = diagnostics.filter(({ severity }) => severity <= 1);
  expect(faults.map(({ code, path, message }) => `${code} ${path.join(".")} ${message}`)).toEqual([]);
});

test("every message of the stream is there: what a client says with its reply, and what it is told", () => {
  const { messages } = document.channels.stream;
  const said = Object.entries<Json>(document.operations).filter(([name]) => name.startsWith("stream."));
  const named = said.flatMap(([, { messages: own, reply }]) => [...own, ...(reply?.messages ?? [])]);
  const places = new Set(named.map(({ $ref }: Json) => $ref.split("/").at(-1)));
  expect([...places].sort()).toEqual(Object.keys(messages).sort());
});

describe.each<[string, Json]>(
  [...frames.fromServer, ...frames.fromClient].map((each: Json) => [each.name, each]),
)("%s", (_name, { messages, json }) => {
  test("is as the document says", () => {
    // Bytes have no form in JSON.
    if (json === undefined) return;
    for (const message of messages) {
      const isReply = "re" in message && `${message.type}.reply` in document.channels.stream.messages;
      const { payload } = document.channels.stream.messages[isReply ? `${message.type}.reply` : message.type];
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      const validate = ajv.compile({ ...payload, components: document.components });
      const isRight = validate(message);
      expect(isRight, JSON.stringify([message, validate.errors])).toBe(true);
    }
  });
});

test.each(Object.entries(CONVEYOR_MESSAGES))(
  "the conveyors' %s is what the bridge reads",
  (levels, { schema, example }) => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    expect(ajv.validate(schema, example), ajv.errorsText()).toBe(true);
    const topic = deviceTopic("fc", "a", "belt-1", levels as Parameters<typeof deviceTopic>[3]);
    expect(document.channels[`conveyor.${levels.replace("/", ".")}`].address).toBe(
      topic.replace("fc/a/belt-1", "{site}/{area}/{device}"),
    );
    const route = parseTopic(topic);
    const bytes = Buffer.from(JSON.stringify(example));
    if (route?.family === "conveyor") expect(parseConveyorEvent(bytes, route.kind).kind).toBe(route.kind);
    if (route?.family === "status") expect(parseStatus(bytes)).toBe("online");
  },
);
