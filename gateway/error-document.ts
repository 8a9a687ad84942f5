/** docs/errors.md, written from the code table: `npx vitest run gateway/status-codes.test.ts -u` writes it anew. */
import { STATUS_CODES_BY_CODE } from "./status-codes.ts";

export function errorDocument(): string {
  const rows = Object.entries(STATUS_CODES_BY_CODE)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { status, title }]) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${title} |`);
  return `# Errors

Whatever goes wrong is told with a stable code. Over HTTP it comes as \`application/problem+json\` (RFC 9457) with
\`type\` \`urn:holdfast:error:<code>\`; over the stream as a message \`{re, type: "error", code, detail}\` or, for an order or
a stock command, as a refused outcome with its code. \`detail\` is for people and may change; \`code\` does not.

- 4xx but 429: the request will not succeed as it is. Nothing was changed.
- 429 and 503: wait for \`retryAfterMs\` (over HTTP also \`Retry-After\`) and repeat the same request, with the same
  \`Idempotency-Key\`, message or command id.
- \`commit_outcome_unknown\`: repeat with the same id; the answer tells what happened.
- 500: a defect; the log has it under the \`X-Request-Id\` of the reply.

A code that an operation adds and this table lacks is answered with 409.

| Code | HTTP | Meaning |
|---|---|---|
${rows.join("\n")}
`;
}
