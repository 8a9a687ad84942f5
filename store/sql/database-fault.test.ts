import pg from "pg";
import { expect, test } from "vitest";
import { isDatabaseFault, isLockTimeout } from "./database-fault.ts";

function ofServer(code: string | undefined): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError("said by the server", 0, "error"), { code });
}

function ofSystem(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

test.each([
  ["08006", "connection failure"],
  ["25P03", "idle in transaction for too long"],
  ["25006", "a standby after a failover"],
  ["53300", "too many connections"],
  ["53100", "disk full"],
  ["57P01", "administrator's command"],
  ["57P02", "a crash"],
  ["57P03", "starting up"],
  ["58030", "a read or write of the disk failed"],
  ["XX000", "the server's own defect"],
])("SQLSTATE %s (%s) speaks of the server", (code) => {
  expect(isDatabaseFault(ofServer(code))).toBe(true);
});

test.each([
  ["23505", "a key that exists"],
  ["22012", "a division by zero"],
  ["40P01", "a deadlock"],
  ["42P01", "a table that does not exist"],
  ["28P01", "a wrong password"],
  ["55P03", "a lock that was waited for too long"],
])("SQLSTATE %s (%s) does not", (code) => {
  expect(isDatabaseFault(ofServer(code))).toBe(false);
});

test("a server's error without a code says nothing of the data", () => {
  expect(isDatabaseFault(ofServer(undefined))).toBe(true);
});

test.each(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENOTFOUND", "EAI_AGAIN"])(
  "a peer that cannot be reached is a fault: %s",
  (code) => {
    expect(isDatabaseFault(ofSystem(code))).toBe(true);
  },
);

test("so it is where every address of a name was tried", () => {
  const error = new AggregateError([ofSystem("ECONNREFUSED"), ofSystem("ECONNREFUSED")]);
  expect(isDatabaseFault(Object.assign(error, { code: "ECONNREFUSED" }))).toBe(true);
});

test.each([
  "Query read timeout",
  "Connection terminated",
  "Connection terminated unexpectedly",
  "Connection terminated due to connection timeout",
  "Client has encountered a connection error and is not queryable",
  "Client was closed and is not queryable",
  "timeout expired",
  "timeout exceeded when trying to connect",
])("what the driver says of a connection is a fault: %s", (message) => {
  expect(isDatabaseFault(new Error(message))).toBe(true);
});

test("an error of ours is none, and neither is what is no error", () => {
  expect(isDatabaseFault(new TypeError("x is not a function"))).toBe(false);
  expect(isDatabaseFault(Object.assign(new Error("no such file"), { code: "ENOENT" }))).toBe(false);
  expect(isDatabaseFault(new Error("the answer says: Connection terminated"))).toBe(false);
  expect(isDatabaseFault("Query read timeout")).toBe(false);
  expect(isDatabaseFault(undefined)).toBe(false);
});

test("a time-out of a lock is told apart from everything else", () => {
  expect(isLockTimeout(ofServer("55P03"))).toBe(true);
  expect(isLockTimeout(ofServer("55006"))).toBe(false);
  expect(isLockTimeout(ofSystem("ETIMEDOUT"))).toBe(false);
});
