/**
 * Which passwords are refused: short ones, the commonest of the world, and those that are made of who the
 * person is. Nothing is asked of the kinds of characters, and nobody has to change a password by the
 * calendar: both make people write passwords down (NIST SP 800-63B, ASVS 5.0 V6.2).
 */
import { PASSWORD_LEAST } from "../../config/limits.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** Different characters that a password has at least: `121212121212` is long and no secret. */
const LEAST_DIFFERENT = 5;
/** Characters that are left at least when the words that everybody knows of a person are taken out. */
const LEAST_OF_ITS_OWN = 8;
/** A shorter word is in many passwords by chance. */
const WORD_CHARACTERS = 4;

/** Some 50,000 passwords that leaked most often. Read when the first password is chosen. */
let commonest: Promise<ReadonlySet<string>> | undefined;

/** One that could not be read is read anew for the next password. */
async function commonPasswords(): Promise<ReadonlySet<string>> {
  commonest ??= readCommonest();
  try {
    return await commonest;
  } catch (error) {
    commonest = undefined;
    throw error;
  }
}

async function readCommonest(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  return new Set(dictionary["passwords-common"]);
}

/**
 * @param person whose password it is to be; words of two parts or more are looked at one by one
 * @returns null where it may be the password
 */
export async function problemOfPassword(
  password: string,
  person: { readonly email: string; readonly name: string },
): Promise<Refusal | null> {
  const plain = password.normalize("NFKC").toLowerCase();
  const characters = [...plain];
  if (characters.length < PASSWORD_LEAST)
    return refuse(
      "password_refused",
      `A password has ${PASSWORD_LEAST} characters or more; this one has ${characters.length}. A few words are easy to remember.`,
    );
  if (new Set(characters).size < LEAST_DIFFERENT)
    return refuse("password_refused", "The password repeats a few characters only.");
  if ((await commonPasswords()).has(plain))
    return refuse("password_refused", "This is one of the passwords that everybody tries first.");
  const rest = wordsOf(person).reduce((left, word) => left.replaceAll(word, ""), plain);
  return [...rest].length < LEAST_OF_ITS_OWN
    ? refuse("password_refused", "The password is little more than the name or the e-mail address.")
    : null;
}

function wordsOf({ email, name }: { readonly email: string; readonly name: string }): readonly string[] {
  const whole = [email, name, email.split("@", 1)[0] ?? "", "holdfast"];
  const parts = [email, name].flatMap((text) => text.split(/[^\p{L}\p{N}]+/u));
  return [...new Set([...whole, ...parts].map((word) => word.normalize("NFKC").toLowerCase()))]
    .filter((word) => word.length >= WORD_CHARACTERS)
    .sort((a, b) => b.length - a.length);
}
