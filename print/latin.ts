/**
 * Text in Latin letters, for printers and pages that have no others. Owns which scripts can be rewritten so
 * that a person knows the name or street again; leaves to its callers what becomes of the rest.
 */
import anyAscii from "any-ascii";

/** Letters that carriers' label printers have: Latin-1, without its controls. */
const PRINTED = /^[\x20-\x7e\xa1-\xac\xae-\xff]$/u;
/**
 * Scripts whose letters say how they are read. Han does not (山田 is Yamada in Japan and Shantian in China),
 * and Arabic and Hebrew leave their vowels out.
 */
const READABLE =
  /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Georgian}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Common}\p{Script=Inherited}]$/u;
const PICTURES = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator})$/u;

export type LatinText = {
  readonly text: string;
  /** Whether it is another text than what was given. */
  readonly isRewritten: boolean;
  /** The first letter that nobody but a person can rewrite; null: there is none. */
  readonly unreadable: string | null;
};

/** @param text without line ends */
export function latinText(text: string): LatinText {
  let unreadable: string | null = null;
  const parts = Array.from(text.normalize("NFC"), (letter) => {
    if (PRINTED.test(letter)) return letter;
    if (PICTURES.test(letter)) return "";
    if (!READABLE.test(letter)) {
      unreadable ??= letter;
      return "?";
    }
    return anyAscii(letter);
  });
  const latin = parts.join("").replace(/ {2,}/g, " ").trim();
  return { text: latin, isRewritten: latin !== text.trim(), unreadable };
}

/**
 * A letter with its marks, in Latin ones, as well as it can be done; a question mark where nothing is known
 * of it.
 */
export function inLatin(cluster: string): string {
  const latin = anyAscii(cluster).trim();
  return latin === "" ? "?" : latin;
}
