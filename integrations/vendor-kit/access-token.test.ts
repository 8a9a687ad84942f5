import { expect, test } from "vitest";
import { type AccessToken, createAccessTokens, withAccessToken } from "./access-token.ts";

function counted(lifeMs = 3_600_000) {
  let nowMs = 1_000_000;
  let renewals = 0;
  const waiting: (() => void)[] = [];
  let held = false;
  const tokens = createAccessTokens({
    now: () => nowMs,
    renew: async (): Promise<AccessToken> => {
      renewals += 1;
      const value = `token-${renewals}`;
      if (held) await new Promise<void>((resolve) => waiting.push(resolve));
      return { value, expiresAtMs: nowMs + lifeMs };
    },
  });
  return {
    tokens,
    renewals: () => renewals,
    pass: (ms: number) => {
      nowMs += ms;
    },
    hold: () => {
      held = true;
    },
    go: () => {
      held = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

test("callers at the same moment share one renewal", async () => {
  const { tokens, renewals, hold, go } = counted();
  hold();
  const all = [tokens.current(), tokens.current(), tokens.current()];
  await Promise.resolve();
  go();
  expect(await Promise.all(all)).toEqual(["token-1", "token-1", "token-1"]);
  expect(renewals()).toBe(1);
});

test("a token is kept until shortly before its end, a short-lived one until half of it", async () => {
  const long = counted();
  await long.tokens.current();
  long.pass(3_539_000);
  expect(await long.tokens.current()).toBe("token-1");
  long.pass(2_000);
  expect(await long.tokens.current()).toBe("token-2");
  const short = counted(10_000);
  await short.tokens.current();
  short.pass(4_999);
  expect(await short.tokens.current()).toBe("token-1");
  short.pass(2);
  expect(await short.tokens.current()).toBe("token-2");
});

test("who brings an older token than ours gets ours without a call", async () => {
  const { tokens, renewals } = counted();
  const first = await tokens.current();
  expect(await tokens.renewed(first)).toBe("token-2");
  expect(await tokens.renewed(first)).toBe("token-2");
  expect(renewals()).toBe(2);
});

test("a renewal that fails is not remembered", async () => {
  let fails = true;
  const tokens = createAccessTokens({
    renew: async () => {
      if (fails) throw new Error("down");
      return { value: "good", expiresAtMs: Date.now() + 60_000 };
    },
  });
  await expect(tokens.current()).rejects.toThrow("down");
  fails = false;
  expect(await tokens.current()).toBe("good");
});

test("a refused token costs one more call, and no third", async () => {
  const { tokens, renewals } = counted();
  const seen: string[] = [];
  const reply = await withAccessToken(
    tokens,
    async (token) => {
      seen.push(token);
      return 401;
    },
    (status) => status === 401,
  );
  expect(reply).toBe(401);
  expect(seen).toEqual(["token-1", "token-2"]);
  expect(renewals()).toBe(2);
});
