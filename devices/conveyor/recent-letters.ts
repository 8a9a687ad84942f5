/**
 * Which messages were put aside a moment ago. A device that has not heard its refusal sends the same bytes
 * again: it is told again, and people see one dead letter.
 */
import { createHash } from "node:crypto";

const MOST_REMEMBERED = 2_000;

export class RecentLetters {
  private readonly digests = new Set<string>();

  isNew(topic: string, payload: Buffer): boolean {
    return !this.digests.has(digest(topic, payload));
  }

  add(topic: string, payload: Buffer): void {
    this.digests.add(digest(topic, payload));
    if (this.digests.size <= MOST_REMEMBERED) return;
    const [oldest] = this.digests;
    if (oldest !== undefined) this.digests.delete(oldest);
  }
}

function digest(topic: string, payload: Buffer): string {
  return createHash("sha256").update(topic).update("\0").update(payload).digest("base64");
}
