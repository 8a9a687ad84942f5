/**
 * An access token that expires, and the one renewal of it at a time.
 *
 * T1 Callers at the same moment share a renewal: a vendor that counts them, or whose refresh token changes
 *    with each, sees one.
 * T2 A token is given up before its end, so that no call starts with one that dies on the way.
 * T3 A token that the vendor refused is renewed once for whoever had it; a caller who brings an older one
 *    gets the newer without a call.
 */
export type AccessToken = {
  readonly value: string;
  /** Milliseconds of the Unix epoch. */
  readonly expiresAtMs: number;
};

export type AccessTokens = {
  /** @throws what `renew` throws; the next caller tries again */
  current(): Promise<string>;
  /** The vendor said that `refused` is worth nothing. */
  renewed(refused: string): Promise<string>;
};

/** Given up so long before the end, or at half of a short life. */
const MARGIN_MS = 60_000;

export function createAccessTokens(options: {
  renew(): Promise<AccessToken>;
  readonly now?: () => number;
}): AccessTokens {
  const now = options.now ?? Date.now;
  let token: (AccessToken & { readonly usableUntilMs: number }) | null = null;
  let underWay: Promise<string> | null = null;

  function renew(): Promise<string> {
    underWay ??= (async () => {
      try {
        const fresh = await options.renew();
        const lifeMs = fresh.expiresAtMs - now();
        token = { ...fresh, usableUntilMs: fresh.expiresAtMs - Math.min(MARGIN_MS, lifeMs / 2) };
        return fresh.value;
      } finally {
        underWay = null;
      }
    })();
    return underWay;
  }

  return {
    async current() {
      return token !== null && now() < token.usableUntilMs ? token.value : renew();
    },
    async renewed(refused) {
      return token === null || token.value === refused ? renew() : token.value;
    },
  };
}

/**
 * Makes a call with the current token, and once more with a new one where the vendor refuses it.
 *
 * @param isRefused whether an answer says that the token is worth nothing (401, or the vendor's own code)
 */
export async function withAccessToken<Reply>(
  tokens: AccessTokens,
  call: (token: string) => Promise<Reply>,
  isRefused: (reply: Reply) => boolean,
): Promise<Reply> {
  const token = await tokens.current();
  const reply = await call(token);
  return isRefused(reply) ? call(await tokens.renewed(token)) : reply;
}
