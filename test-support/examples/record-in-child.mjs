/**
 * The same as `record-answers.ts` for commands that tests start as processes of their own: what they are answered is
 * written down as it is, and looked at when the examples are made.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.HOLDFAST_ANSWERS;
if (folder !== undefined) {
  const plain = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const answer = await plain(input, init);
    const type = answer.headers.get("content-type") ?? "";
    if (!answer.ok || !type.startsWith("application/json")) return answer;
    const { pathname, search } = new URL(input instanceof Request ? input.url : String(input));
    const method = init?.method ?? (input instanceof Request ? input.method : "GET");
    const said = { method, pathname, search, status: answer.status, example: await answer.clone().json() };
    appendFileSync(join(folder, `child-${process.pid}.jsonl`), `${JSON.stringify(said)}\n`);
    return answer;
  };
}
