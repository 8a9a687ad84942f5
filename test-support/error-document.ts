/**
 * docs/errors.md, made of the code tables.
 * `npx vitest run gateway/wire/status-codes.test.ts -u` writes it anew.
 */

import { STATUS_CODES_BY_CODE } from "../gateway/wire/status-codes.ts";
import { HOLD_CODES } from "../orders/order.ts";

export function errorDocument(): string {
  const rows = Object.entries(STATUS_CODES_BY_CODE)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { status, title }]) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${title} |`);
  const holds = Object.entries(HOLD_CODES).map(
    ([code, { owner, meaning }]) => `| \`${code}\` | ${owner} | ${meaning} |`,
  );
  return `# Errors

Whatever goes wrong is told with a stable code. Over HTTP it comes as \`application/problem+json\` (RFC 9457) with
\`type\` \`urn:holdfast:error:<code>\`; over the stream as a message \`{re, type: "error", code, detail}\` or, for an order or
a stock command, as a refused outcome with its code. \`detail\` is for people and may change; \`code\` does not.

- 4xx but 429: the request will not succeed as it is. Nothing was changed.
- 429 and 503: wait for \`retryAfterMs\` (over HTTP also \`Retry-After\`) and repeat the same request, with the same
  \`Idempotency-Key\`, message or command id.
- \`commit_outcome_unknown\` and \`storage_unavailable\`: it may have happened all the same. Repeat it with the same key or id; the
  answer tells what happened.
- \`shard_unavailable\` and \`shard_elsewhere\` for a call over several shards: parts in other shards may have been done. Repeat it with the same ids:
  what was done is answered as done and not done twice.
- 500: a defect; the log has it under the \`X-Request-Id\` of the reply.

A code that an operation adds and this table lacks is answered with 409.

| Code | HTTP | Meaning |
|---|---|---|
${rows.join("\n")}

## Why an order is on hold

A captured order that cannot go on is not an error: it is kept, with one or more of these reasons.

| Code | Who clears it | Meaning |
|---|---|---|
${holds.join("\n")}

## Faults that keep the server from starting

They stand in the log and on the terminal, never in a reply.

| Code | Meaning |
|---|---|
| \`journal_corrupt\` | A journal row or snapshot fails its checksum, hash or sequence; the message names it. Restore the database. |
| \`layout_mismatch\` | The database was first used with another \`HOLDFAST_SHARDS\`. Set that number. |
| \`migrations_locked\` | Another process applies migrations, or stood still while it did; the message names its connection. End it and start again. |
| \`schema_newer\` | A newer version has worked on the database. Start that one, or restore the backup that was made before. |
| \`secrets_key_unreadable\`, \`secrets_key_invalid\` | The key of stored secrets cannot be read, or is none; the message says why, and never shows it. |
| \`secret_key_missing\` | A stored secret is sealed under a key that is not in the list; the message names it. Put it back into the list. |
| \`sealed_secret_damaged\` | A stored secret was altered, or its key is another one of the same name. Give the channel a new secret. |
| \`sourcing_rules_unreadable\` | The file that \`HOLDFAST_SOURCING_RULES\` names cannot be read. |
| \`sourcing_rules_invalid\` | That file is no list of sourcing rules; the message names every problem by its place in it. |
`;
}
