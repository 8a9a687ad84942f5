/**
 * What a page can show of a text. The fonts that every PDF reader has know the letters of Western Europe
 * (Windows-1252) only, and draw other ones as other letters. So a letter that they lack loses its marks
 * (Żółć, Zolc), and one that has no Latin form becomes a question mark, which the page has to explain.
 */

/** What Windows-1252 has beside Latin-1. */
const WINDOWS_1252 = new Set("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ");

/** Latin letters that do not come apart into a letter and its marks. */
const PLAIN: ReadonlyMap<string, string> = new Map([
  ["Ł", "L"],
  ["ł", "l"],
  ["Đ", "D"],
  ["đ", "d"],
  ["Ħ", "H"],
  ["ħ", "h"],
  ["ı", "i"],
  ["ĸ", "k"],
  ["Ŋ", "N"],
  ["ŋ", "n"],
  ["Ŧ", "T"],
  ["ŧ", "t"],
  ["ẞ", "SS"],
  ["‐", "-"],
  ["‑", "-"],
  ["−", "-"],
]);

/** Stands for what cannot be printed. */
const UNPRINTABLE = "?";

export type Printable = {
  readonly text: string;
  /** False where question marks stand for letters of the text. */
  readonly isWhole: boolean;
};

/** @returns the text in letters that the page's fonts have; line ends are kept, other controls are spaces */
export function printable(text: string): Printable {
  let isWhole = true;
  const letters = Array.from(text.normalize("NFC").replace(/\r\n?/g, "\n"), (letter) => {
    if (letter === "\n" || hasLetter(letter)) return letter;
    if (/\p{Cc}/u.test(letter)) return " ";
    // Joiners and direction marks show nothing of themselves.
    if (/\p{Cf}/u.test(letter)) return "";
    const plain = PLAIN.get(letter) ?? letter.normalize("NFKD").replace(/\p{M}/gu, "");
    if (plain !== "" && Array.from(plain).every((part) => PLAIN.has(part) || hasLetter(part))) {
      return Array.from(plain, (part) => PLAIN.get(part) ?? part).join("");
    }
    isWhole = false;
    return UNPRINTABLE;
  });
  return { text: letters.join(""), isWhole };
}

function hasLetter(letter: string): boolean {
  return /^[\x20-\x7e\xa0-\xac\xae-\xff]$/.test(letter) || WINDOWS_1252.has(letter);
}
