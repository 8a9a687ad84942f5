/** Values of options that are more than text. */
import { UserProblem } from "../problem.ts";

/** @throws UserProblem with exit status 2 where it is no whole number from 0 on */
export function wholeNumber(option: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) {
    throw new UserProblem(
      "invalid_argument",
      `${option} must be a whole number, not "${value}".`,
      "Correct the command line; --help lists what it takes.",
      { exitStatus: 2 },
    );
  }
  return Number(value);
}

/** @throws UserProblem with exit status 2 where it is no decimal number */
export function decimalNumber(option: string, value: string): number {
  if (!/^-?\d{1,9}(\.\d{1,9})?$/.test(value)) {
    throw new UserProblem(
      "invalid_argument",
      `${option} must be a number, not "${value}".`,
      "Correct the command line; --help lists what it takes.",
      { exitStatus: 2 },
    );
  }
  return Number(value);
}

/** @throws UserProblem with exit status 2 where it is neither */
export function yesOrNo(option: string, value: string): boolean {
  if (value === "yes" || value === "no") return value === "yes";
  throw new UserProblem(
    "invalid_argument",
    `${option} must be yes or no, not "${value}".`,
    "Correct the command line.",
    {
      exitStatus: 2,
    },
  );
}

/** For an option that may be given several times; with `[]` behind it, or as one that is required without. */
export function eachOf(value: string, given: readonly string[] = []): readonly string[] {
  return [...given, value];
}

/**
 * `name=value`, of an option that may be given several times.
 *
 * @throws UserProblem with exit status 2 where one has no name or no value
 */
export function pairs(option: string, given: readonly string[]): readonly (readonly [string, string])[] {
  return given.map((one) => {
    // An id may hold a "=", what stands behind it never does.
    const at = one.lastIndexOf("=");
    if (at < 1 || at === one.length - 1) {
      throw new UserProblem(
        "invalid_argument",
        `${option} must be two things with a "=" between them, not "${one}".`,
        "Correct the command line; --help has an example.",
        { exitStatus: 2 },
      );
    }
    return [one.slice(0, at), one.slice(at + 1)] as const;
  });
}

/** `line=units`, of an option that may be given several times; `undefined` where it was not given at all. */
export function unitsByName(
  option: string,
  given: readonly string[],
): readonly { readonly name: string; readonly units: number }[] | undefined {
  if (given.length === 0) return undefined;
  return pairs(option, given).map(([name, units]) => ({ name, units: wholeNumber(option, units) }));
}
