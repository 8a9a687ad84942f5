/** Where a reading goes on, as a short text that survives a restart. */
import type { PageToken } from "../../ports/channel-connection.ts";
import { ServiceFault } from "../../ports/service-fault.ts";

export function writePage(state: Readonly<Record<string, unknown>>): PageToken {
  return Buffer.from(JSON.stringify(state)).toString("base64url");
}

/**
 * @param first the state of the first page
 * @throws ServiceFault `page_unknown`, not retryable: the token is not one of this connection's
 */
export function readPage<State extends Readonly<Record<string, unknown>>>(
  service: string,
  token: PageToken | null,
  first: State,
): State {
  if (token === null) return first;
  try {
    const state: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    const isState =
      typeof state === "object" &&
      state !== null &&
      Object.keys(first).every((name) => Object.hasOwn(state, name));
    if (isState) return state as State;
  } catch {
    // Not JSON: no token of ours either.
  }
  throw new ServiceFault("the page to go on from is not one of this connection's", {
    service,
    code: "page_unknown",
    retryable: false,
  });
}
