/**
 * eBay's challenge, also of its notifications about closed accounts: SHA-256 of the code, the verification
 * token that was entered there, and the address, in this order.
 */
import { createHash } from "node:crypto";
import type { ChannelChallenge } from "../../../ports/channels.ts";

export const VERIFICATION_TOKEN = "EBAY_VERIFICATION_TOKEN";

export const ebayChallenge: ChannelChallenge = {
  parameter: "challenge_code",
  secret: VERIFICATION_TOKEN,
  answer: (code, token, endpoint) => ({
    challengeResponse: createHash("sha256").update(code).update(token).update(endpoint).digest("hex"),
  }),
};
