/**
 * Which messages were put aside a moment ago. A device that has not heard its refusal sends the same again: it
 * is told again, and people see one dead letter.
 *
 * The same is: every byte, but for the number under `from`. That one says from where on the device still
 * repeats, and moves on with what was acknowledged meanwhile. The bytes are looked at, not what a parser
 * makes of them: many of these messages are no JSON, and two great numbers may be one to a parser.
 */
import { createHash } from "node:crypto";

const MOST_REMEMBERED = 2_000;
const FROM = /"from"[ \t\r\n]{0,16}:[ \t\r\n]{0,16}\d{1,20}(?![\d.eE])/;

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
  // A character a byte, so that nothing is lost of what is no UTF-8.
  const said = payload.toString("latin1").replace(FROM, "");
  return createHash("sha256").update(topic).update("\0").update(said, "latin1").digest("base64");
}
