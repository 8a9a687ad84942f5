/**
 * Text that people read. WordPress writes it as HTML does, e.g. `Tom &amp; Ada&#8217;s pack`. Ids, codes and
 * SKUs are not read this way: they have to match what is stored elsewhere, letter by letter.
 */
import { decodeHTML } from "entities";
import { storableText } from "../../../orders/storable-text.ts";
import { listAt, textAt } from "../../vendor-kit/vendor-json.ts";

/** `textAt` without HTML's entities. */
export function wordsAt(value: unknown, ...path: readonly string[]): string {
  return storableText(decodeHTML(textAt(value, ...path))).trim();
}

/** Meta data that is plain text, by `meta:<key>`. */
export function metaOf(holder: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listAt(holder, "meta_data").map(
      (meta) => [`meta:${textAt(meta, "key")}`, wordsAt(meta, "value")] as const,
    ),
  );
}
