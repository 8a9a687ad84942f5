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
