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
  /** Those that are being written: a repeat that comes meanwhile waits for the same write. */
  private readonly writing = new Map<string, Promise<void>>();

  /** Writes a message that is new, and remembers it once it is written. Rejects as the writing does. */
  once(topic: string, payload: Buffer, write: () => Promise<void>): Promise<void> {
    const key = digest(topic, payload);
    if (this.digests.has(key)) return Promise.resolve();
    const running = this.writing.get(key);
    if (running !== undefined) return running;
    const writing = write()
      .then(() => this.remember(key))
      .finally(() => this.writing.delete(key));
    this.writing.set(key, writing);
    return writing;
  }

  private remember(key: string): void {
    this.digests.add(key);
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
