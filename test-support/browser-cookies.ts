import type { GatewayWorld, Reply } from "./gateway.ts";

export type CookieBrowser = {
  /** A call with what the gateway has set so far. */
  call(method: string, path: string, json?: unknown): Promise<Reply>;
  readonly cookies: Map<string, string>;
};

/**
 * What a browser does with the gateway's cookies, without pages.
 *
 * @param origin of the pages that it shows
 * @param address where it is, so that its attempts are counted by themselves
 */
export function cookieBrowser(world: GatewayWorld, origin: string, address: string): CookieBrowser {
  const cookies = new Map<string, string>();
  const call = async (method: string, path: string, json?: unknown): Promise<Reply> => {
    const reply = await world.call(method, path, {
      anonymous: true,
      headers: {
        origin,
        "x-forwarded-for": address,
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      },
      ...(json === undefined ? {} : { json }),
    });
    for (const set of reply.headers.getSetCookie()) {
      const [name = "", value = ""] = (set.split(";", 1)[0] ?? "").split("=");
      cookies.set(name, value);
    }
    return reply;
  };
  return { call, cookies };
}
