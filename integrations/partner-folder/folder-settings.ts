/** The settings of a partner folder's account: what all kinds of them ask for, each under its own prefix. */
import type { VendorVariable } from "../../config/vendor-settings.ts";

/** @param standard what it is where nothing is entered; empty: nothing */
export type FolderVariable = (
  name: string,
  meaning: string,
  standard: string,
  problemOf: (value: string) => string | null,
  isNeeded?: boolean,
) => VendorVariable;

/** @param prefix of the kind: `X12` makes `X12_VERSION` */
export function folderVariable(prefix: string): FolderVariable {
  return (name, meaning, standard, problemOf, isNeeded = false) => ({
    name: `${prefix}_${name}`,
    meaning,
    standard: standard === "" ? "none" : standard,
    requiredToServe: isNeeded,
    problemOf,
    fallback: () => standard,
  });
}

/** Where the files are, and who may use them. */
export function folderVariables(prefix: string): readonly VendorVariable[] {
  const variable = folderVariable(prefix);
  return [
    variable(
      "FOLDER",
      "the partner's folder on this machine, with inbox and outbox in it",
      "",
      folderProblem,
      true,
    ),
    {
      ...variable("FOLDER_KEY", "what key.txt in the folder holds, where there is one", "", () => null),
      isSecret: true,
    },
  ];
}

/** Seconds: a file that is still written to is left alone. */
export function settleVariable(prefix: string): VendorVariable {
  const meaning = "how long nobody may have written to a file before it is read";
  return folderVariable(prefix)("SETTLE_SECONDS", meaning, "5", secondsProblem);
}

function folderProblem(value: string): string | null {
  return value.startsWith("/") && !value.split("/").includes("..")
    ? null
    : "must be an absolute path without .., e.g. /srv/partners/acme";
}

function secondsProblem(value: string): string | null {
  return /^\d{1,4}(\.\d)?$/.test(value) ? null : "must be seconds from 0 to 9999";
}

/**
 * Minutes between two reports of stock: partners take some a day, and few take one for each sale.
 *
 * @param standard minutes
 */
export function stockPauseVariable(prefix: string, standard: string): VendorVariable {
  const meaning = "minutes that lie between two reports of stock at least; 0: each change is reported";
  return folderVariable(prefix)("STOCK_MINUTES", meaning, standard, (value) =>
    /^\d{1,4}$/.test(value) ? null : "must be whole minutes from 0 to 9999",
  );
}
