/** A channel asks whether its webhooks are taken at an address, as eBay does before it sends any. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SecretBox } from "../config/secret-box.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { insertChannel } from "../store/catalog/companies.ts";
import { writeChannelAccount } from "../store/channels/accounts.ts";
import { inTransaction } from "../store/sql/database.ts";
import { startTestEdge, type TestEdge } from "../test-support/edge.ts";

const TOKEN = "a-verification-token-of-40-characters-00";
let edge: TestEdge;

beforeAll(async () => {
  let box: SecretBox | undefined;
  edge = await startTestEdge({
    dashboardFolder: "",
    staffPassword: "a password of the tests 1",
    publicUrl: () => "https://orders.example.com",
    outside: async (_url, { secrets }) => {
      box = secrets;
      return { carriers: new VendorRoster("carriers", []), payments: new VendorRoster("payments", []) };
    },
  });
  await inTransaction(edge.database, async (client) => {
    for (const id of ["ebay_us", "ebay_bare"]) {
      const channel = { id, companyId: "fernweh", kind: "ebay", name: id } as const;
      await insertChannel(client, { ...channel, onShortage: "hold", chargedBy: "channel" });
      const account = {
        channelId: id,
        active: true,
        pollSeconds: 60,
        tellsOrders: true,
        tellsStock: true,
        locations: null,
        bufferUnits: 0,
        bufferPercent: 0,
        mostShown: null,
        comparesAt: null,
        runsLocation: null,
        plain: {},
        secrets: id === "ebay_us" ? { EBAY_VERIFICATION_TOKEN: TOKEN } : {},
      };
      if (box === undefined) throw new Error("no secrets");
      await writeChannelAccount(client, box, account, new Date());
    }
  });
}, 60_000);
afterAll(() => edge?.stop());

const ask = (path: string) => fetch(`${edge.url}/v1/webhooks/${path}`);

test("the answer is the digest of the code, the token and the address, as JSON", async () => {
  const answer = await ask("channels/ebay/ebay_us?challenge_code=71745723-d031-455c-bfa5-f90d11b4f20a");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  const endpoint = "https://orders.example.com/v1/webhooks/channels/ebay/ebay_us";
  const expected = createHash("sha256")
    .update(`71745723-d031-455c-bfa5-f90d11b4f20a${TOKEN}${endpoint}`)
    .digest("hex");
  expect(await answer.json()).toEqual({ challengeResponse: expected });
});

test.each([
  ["no code", "channels/ebay/ebay_us"],
  ["a channel without a token", "channels/ebay/ebay_bare?challenge_code=x"],
  ["a channel that is not there", "channels/ebay/nobody?challenge_code=x"],
  ["a channel of another kind", "channels/ebay/shopify?challenge_code=x"],
  ["a kind that does not ask", "channels/shopify/shopify?challenge_code=x"],
  ["no channel", "carriers/ebay/ebay_us?challenge_code=x"],
])("%s is answered as an address that takes nothing", async (_what, path) => {
  const answer = await ask(path);
  expect(answer.status).toBe(404);
  expect(await answer.text()).not.toContain(TOKEN);
});
