/** TikTok's key against repeats, made from a word's own: the same for the same word, and short enough for TikTok. */
import { createHash } from "node:crypto";

export function keyOf(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 32);
}
