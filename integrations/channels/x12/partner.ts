/** Who the two sides of an interchange are, and how they write: a trading partner's settings. */
import type { VendorVariable } from "../../../config/vendor-settings.ts";
import {
  folderVariable,
  folderVariables,
  settleVariable,
  stockPauseVariable,
} from "../../partner-folder/folder-settings.ts";

export type X12Partner = {
  readonly folder: string;
  readonly folderKey: string;
  readonly ourQualifier: string;
  readonly ourId: string;
  readonly ourGroupId: string;
  readonly partnerQualifier: string;
  readonly partnerId: string;
  readonly partnerGroupId: string;
  readonly version: "004010" | "005010";
  readonly element: string;
  readonly component: string;
  readonly terminator: string;
  /** Of 005010 only. */
  readonly repetition: string;
  readonly isTest: boolean;
  readonly settleMs: number;
  readonly stockPauseMs: number;
};

const VERSIONS = ["004010", "005010"] as const;
const ID = /^[A-Za-z0-9 .&/_-]{1,15}$/;

const variable = folderVariable("X12");

const idProblem = (value: string) => (ID.test(value) ? null : "must be 1 to 15 letters, digits or .&/_-");
const qualifierProblem = (value: string) =>
  /^[A-Z0-9]{2}$/.test(value) ? null : "must be two signs, e.g. ZZ, 01, 12 or 14";

export const x12Variables: readonly VendorVariable[] = [
  ...folderVariables("X12"),
  variable("OUR_ID", "our interchange id (ISA06 of what we send)", "", idProblem, true),
  variable("OUR_QUALIFIER", "what kind of id that is (ISA05)", "ZZ", qualifierProblem),
  variable("PARTNER_ID", "the partner's interchange id (ISA08 of what we send)", "", idProblem, true),
  variable("PARTNER_QUALIFIER", "what kind of id that is (ISA07)", "ZZ", qualifierProblem),
  variable("OUR_GROUP_ID", "our id in the group (GS02), where it is another", "", idProblem),
  variable("PARTNER_GROUP_ID", "the partner's id in the group (GS03), where it is another", "", idProblem),
  variable("VERSION", "004010 or 005010, of what we send", "004010", (value) =>
    (VERSIONS as readonly string[]).includes(value) ? null : "must be 004010 or 005010",
  ),
  variable(
    "SEPARATORS",
    "the signs between elements, components and behind segments, of what we send; \\n is a line break",
    "*>~",
    (value) => {
      const signs = separatorsOf(value);
      if (signs.length !== 3 || new Set(signs).size !== 3) return "must be three different signs, e.g. *>~";
      return signs.some((sign) => /[A-Za-z0-9 ^.,-]/.test(sign))
        ? "must not hold letters, digits, blanks or any of ^.,-"
        : null;
    },
  ),
  variable("TEST", "yes: what we send is marked as a test (ISA15 T)", "no", (value) =>
    ["yes", "no"].includes(value) ? null : "must be yes or no",
  ),
  stockPauseVariable("X12", "15"),
  settleVariable("X12"),
];

function separatorsOf(value: string): readonly string[] {
  return [...value.replaceAll("\\n", "\n")];
}

/** @param values complete and without problems */
export function x12PartnerOf(values: Readonly<Record<string, string>>): X12Partner {
  const value = (name: string) => values[`X12_${name}`] ?? "";
  const [element = "*", component = ">", terminator = "~"] = separatorsOf(value("SEPARATORS"));
  const or = (text: string, other: string) => (text === "" ? other : text);
  return {
    folder: value("FOLDER"),
    folderKey: value("FOLDER_KEY"),
    ourQualifier: value("OUR_QUALIFIER"),
    ourId: value("OUR_ID"),
    ourGroupId: or(value("OUR_GROUP_ID"), value("OUR_ID")),
    partnerQualifier: value("PARTNER_QUALIFIER"),
    partnerId: value("PARTNER_ID"),
    partnerGroupId: or(value("PARTNER_GROUP_ID"), value("PARTNER_ID")),
    version: value("VERSION") === "005010" ? "005010" : "004010",
    element,
    component,
    terminator,
    repetition: "^",
    isTest: value("TEST") === "yes",
    settleMs: Number(value("SETTLE_SECONDS")) * 1_000,
    stockPauseMs: Number(value("STOCK_MINUTES")) * 60_000,
  };
}
