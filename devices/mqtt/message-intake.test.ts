import { expect, test, vi } from "vitest";
import { silentLogger } from "../../test-support/engine.ts";
import { MalformedMessage } from "./json-reader.ts";
import { MessageIntake, Undeliverable } from "./message-intake.ts";

const TOPIC = "holdfast/reno/pack-out/conveyor/evt/scan";
const PAYLOAD = Buffer.from("{}");

/** An intake whose deliveries fail with these errors in turn, and then succeed. */
function intakeThatMeets(...errors: readonly Error[]) {
  const left = [...errors];
  const deliver = vi.fn(async () => {
    const error = left.shift();
    if (error !== undefined) throw error;
  });
  const write = vi.fn(async (_topic: string, _payload: Buffer, _code: string, _detail: string) => {});
  return { deliver, write, intake: new MessageIntake(deliver, { write }, silentLogger) };
}

test.each([
  ["invalid_json", new MalformedMessage("invalid_json", "no JSON")],
  ["unknown_device", new Undeliverable("unknown_device", "no device x")],
])("a message that can never be handled is put aside at once: %s", async (code, error) => {
  const { deliver, write, intake } = intakeThatMeets(error);
  await intake.take(TOPIC, PAYLOAD);
  expect(deliver).toHaveBeenCalledTimes(1);
  expect(write.mock.calls).toEqual([[TOPIC, PAYLOAD, code, error.message]]);
});

test("a message that fails is tried again, and nothing of it is put aside once it succeeds", async () => {
  const { deliver, write, intake } = intakeThatMeets(new Error("busy"), new Error("busy"));
  await intake.take(TOPIC, PAYLOAD);
  expect(deliver).toHaveBeenCalledTimes(3);
  expect(write).not.toHaveBeenCalled();
});

test("a message that fails three times is put aside", async () => {
  const { deliver, write, intake } = intakeThatMeets(...Array.from({ length: 4 }, () => new Error("broken")));
  await intake.take(TOPIC, PAYLOAD);
  expect(deliver).toHaveBeenCalledTimes(3);
  expect(write.mock.calls).toEqual([[TOPIC, PAYLOAD, "handler_failed", "broken"]]);
});

test("while not even a dead letter can be written the message waits, with all its tries ahead of it", async () => {
  const { deliver, write, intake } = intakeThatMeets(...Array.from({ length: 5 }, () => new Error("away")));
  write.mockRejectedValueOnce(new Error("the database is away"));
  await intake.take(TOPIC, PAYLOAD);
  expect(deliver).toHaveBeenCalledTimes(6);
  expect(write).toHaveBeenCalledTimes(1);
});

test("a stop ends the tries, and puts nothing aside", async () => {
  const { deliver, write, intake } = intakeThatMeets(...Array.from({ length: 9 }, () => new Error("busy")));
  const taken = intake.take(TOPIC, PAYLOAD);
  await vi.waitFor(() => expect(deliver).toHaveBeenCalled());
  intake.stop();
  await taken;
  expect(write).not.toHaveBeenCalled();
});
