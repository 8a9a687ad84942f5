import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { EngineError } from "../../engine/errors.ts";
import { type RefusalCode, refuse } from "../../operations/refusal.ts";
import { errorDocument } from "../../test-support/error-document.ts";
import { ApiError, describeError, logFailure, problemReply } from "./problem.ts";
import { STATUS_CODES_BY_CODE, type StatusEntry, statusOf } from "./status-codes.ts";

test("docs/errors.md lists exactly the codes, statuses and meanings of the table", async () => {
  await expect(errorDocument()).toMatchFileSnapshot(join(projectRoot, "docs", "errors.md"));
});

/** Names and texts of the production code in a folder. */
function sourcesOf(folder: string): readonly (readonly [name: string, text: string])[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => [`${folder}/${name}`, readFileSync(join(projectRoot, folder, name), "utf8")] as const);
}

test("a code that nobody knows does not compile, and every known one has its status and meaning", () => {
  // @ts-expect-error: no operation refuses with this code.
  expect(refuse("no_such_code", "").code in STATUS_CODES_BY_CODE).toBe(false);
  const told: Readonly<Record<RefusalCode, StatusEntry>> = STATUS_CODES_BY_CODE;
  expect(told.insufficient_stock.status).toBe(409);
});

test("every code is found whichever way it is made: by refuse, refusal, refused or an error of the edge", () => {
  const made = ["actors", "gateway", "integrations/channels", "operations", "orders"].flatMap((folder) =>
    // What a channel says to what it is told is its own, and shown with a telling: no code of ours.
    sourcesOf(folder).flatMap(([, text]) =>
      text.includes("ports/channel-connection.ts")
        ? []
        : [
            ...text.matchAll(
              /(?<!\.)\b(?:refuse|refused|refusal|new ApiError)\((?:[^()"]*,\s*)?"([a-z_]+)"/g,
            ),
            ...text.matchAll(/\bstatus: "refused",\s*code: "([a-z_]+)"/g),
          ].map((match) => match[1] ?? ""),
    ),
  );
  expect(new Set(made).size).toBeGreaterThan(70);
  expect(made.filter((code) => !(code in STATUS_CODES_BY_CODE))).toEqual([]);
});

test("operations make their refusals in one place", () => {
  const makers = sourcesOf("operations").filter(([, text]) => /return \{\s*status: "refused"/.test(text));
  expect(makers.map(([name]) => name)).toEqual(["operations/refusal.ts"]);
});

test("a fault shows its code and nothing of what went wrong inside", () => {
  expect(describeError(new Error("password=hunter2"))).toEqual({
    code: "internal_error",
    detail: "The server failed; the log has it under the request id.",
  });
  expect(describeError(new EngineError("journal_corrupt", "row 7"))).toMatchObject({
    code: "internal_error",
  });
});

test("an overload says when to come back, in milliseconds and, rounded up, in seconds", () => {
  const described = describeError(new EngineError("engine_overloaded", "full", { retryAfterMs: 1_200 }));
  expect(described).toMatchObject({ code: "engine_overloaded", retryAfterMs: 1_200 });
  const reply = problemReply(described.code, described.detail, described);
  expect(reply).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
});

test("a database that is away is told as such, with the time after which to come back", () => {
  const described = describeError(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
  const reply = problemReply(described.code, described.detail, described);
  expect(described.code).toBe("storage_unavailable");
  expect(reply).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
});

test("the log has a defect whole, a database that is away in a line, and of a refusal nothing", () => {
  const lines: { readonly level: number; readonly err?: { readonly stack: string } }[] = [];
  const logger = pino({}, { write: (line) => lines.push(JSON.parse(line)) });
  const away = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
  logFailure(logger, new TypeError("defect"), { requestId: "r1" }, "a request failed");
  logFailure(logger, away, { requestId: "r2" }, "a request failed");
  logFailure(logger, new ApiError("forbidden", "no"), { requestId: "r3" }, "a request failed");
  logFailure(logger, new EngineError("engine_overloaded", "full"), { requestId: "r4" }, "a request failed");
  expect(lines).toMatchObject([
    { level: 50, requestId: "r1", err: { stack: expect.stringContaining("status-codes.test.ts") } },
    { level: 40, requestId: "r2", code: "storage_unavailable", reason: "ECONNREFUSED" },
  ]);
  expect(JSON.stringify(lines[1])).not.toContain("stack");
});

test("a code outside the table is a conflict; a name of Object's prototype is no code", () => {
  expect(statusOf("some_new_refusal")).toEqual({ status: 409, title: "some new refusal" });
  expect(statusOf("constructor").status).toBe(409);
  expect(ApiError.of({ status: "refused", code: "return_not_found", detail: "R1" })).toMatchObject({
    code: "return_not_found",
    message: "R1",
  });
});
