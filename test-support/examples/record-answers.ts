/**
 * Runs before the files of tests where `HOLDFAST_ANSWERS` names a folder: what systems of tests answer is
 * recorded there, for the examples of the API's reference. Whoever asks by `fetch` is answered as ever.
 *
 * `HOLDFAST_ANSWERS=<folder> npx vitest run --project integration`, then
 * `HOLDFAST_ANSWERS=<folder> npx vitest run --project unit gateway/http/answer-examples -u`.
 */
import { expect } from "vitest";
import { createRouter } from "../../gateway/http/router.ts";
import { routeTable } from "../../gateway/routes/route-table.ts";
import { keepAnswer } from "./recorded-answers.ts";

const folder = process.env["HOLDFAST_ANSWERS"];
if (folder !== undefined) {
  const router = createRouter(routeTable);
  const plain = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const answer = await plain(input, init);
    const type = answer.headers.get("content-type") ?? "";
    if (!answer.ok || !type.startsWith("application/json")) return answer;
    try {
      const { pathname, searchParams } = new URL(input instanceof Request ? input.url : String(input));
      const method = init?.method ?? (input instanceof Request ? input.method : "GET");
      const match = searchParams.has("fields") ? null : router.match(method, pathname);
      if (match !== null && match.route.reply !== null && answer.headers.has("x-request-id"))
        keepAnswer(
          folder,
          `${match.route.method} ${match.route.path}`,
          { status: answer.status, example: await answer.clone().json() },
          expect.getState().testPath ?? "",
        );
    } catch {
      // An address of nobody's: it is the test's to say what is wrong with it.
    }
    return answer;
  };
}
