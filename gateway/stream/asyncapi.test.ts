/** The AsyncAPI document: valid by its makers' own reader, and true to the frames and topics that there are. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Parser } from "@asyncapi/parser";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { WEBHOOK_EVENT_TYPES } from "../../contract/settings/webhook-events.ts";
import { parseConveyorEvent, parseStatus } from "../../devices/conveyor/conveyor-messages.ts";
import { deviceTopic, parseTopic } from "../../devices/mqtt/topics.ts";
import { parseImpinj } from "../../devices/rfid/impinj.ts";
import { parseZebra } from "../../devices/rfid/zebra.ts";
import { parseConnection, parseFactsheet, parseState } from "../../devices/vda5050/messages.ts";
import { type VdaMessage, vdaSchema } from "../../test-support/vda5050-schemas.ts";
import { asyncApiDocument } from "./asyncapi.ts";
import { CONVEYOR_MESSAGES, READER_MESSAGES, ROBOT_MESSAGES } from "./device-messages.ts";

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

const addressOf = (address: string) =>
  address.replace("{manufacturer}", "acme").replace("{serial}", "robot-3").replace("{reader}", "portal-1");

test.each(Object.entries(ROBOT_MESSAGES))(
  "the robots' %s is what the bridge reads or writes",
  (name, { address, by, schema, examples }) => {
    const [, version, kind = ""] = name.split(".");
    const major = version === "v2" ? 2 : 3;
    expect(document.channels[name].address).toBe(address);
    expect(document.operations[name].action).toBe(by === "device" ? "receive" : "send");
    for (const example of examples) {
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      expect(ajv.validate(schema, example), ajv.errorsText()).toBe(true);
      const bytes = Buffer.from(JSON.stringify(example));
      if (kind === "state")
        expect(parseState(bytes, major)).toMatchObject({ batteryCharge: 81, automatic: true });
      if (kind === "connection") expect(parseConnection(bytes, major).headerId).toBe(12);
      if (kind === "factsheet") expect(parseFactsheet(bytes, major)).toEqual(example);
      // A factsheet has what its maker wants; the others are as the standard asks.
      else expect(ajv.validate(vdaSchema(kind as VdaMessage, major), example), ajv.errorsText()).toBe(true);
    }
    if (by === "device")
      expect(parseTopic(addressOf(address))).toMatchObject({ family: "robot", deviceId: "robot-3", kind });
  },
);

test.each(Object.entries(READER_MESSAGES))(
  "the readers' %s is what the bridge reads",
  (name, { address, schema, examples }) => {
    expect(document.channels[name].address).toBe(address);
    const route = parseTopic(addressOf(address));
    expect(route).toMatchObject({ family: "reader", deviceId: "portal-1" });
    for (const example of examples) {
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      expect(ajv.validate(schema, example), ajv.errorsText()).toBe(true);
      const read = (address.startsWith("zebra") ? parseZebra : parseImpinj)(
        Buffer.from(JSON.stringify(example)),
      );
      expect(JSON.stringify(read)).toMatch(/3074257bf7194e4000001a85|"input"/i);
    }
  },
);

test("every type of webhooks is there, with an example that its payload takes", () => {
  const { messages } = document.channels.webhook;
  expect(Object.keys(messages)).toEqual(WEBHOOK_EVENT_TYPES.map(({ type }) => type));
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const { payload, examples } of Object.values<Json>(messages)) {
    const isRight = ajv.validate({ ...payload, components: document.components }, examples[0].payload);
    expect(isRight, ajv.errorsText()).toBe(true);
  }
});
