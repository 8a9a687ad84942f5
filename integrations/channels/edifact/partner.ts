/** Who the two sides of an interchange are, and how they write: a trading partner's settings. */
import type { VendorVariable } from "../../../config/vendor-settings.ts";
import {
  folderVariable,
  folderVariables,
  settleVariable,
  stockPauseVariable,
} from "../../partner-folder/folder-settings.ts";

export type EdifactPartner = {
  readonly folder: string;
  readonly folderKey: string;
  readonly ourId: string;
  readonly ourQualifier: string;
  readonly partnerId: string;
  readonly partnerQualifier: string;
  readonly version: "D96A" | "D01B";
  /** Of UNH02, e.g. `EAN008`. */
  readonly association: string;
  readonly charset: "UNOA" | "UNOC";
  readonly isTest: boolean;
  readonly settleMs: number;
  readonly stockPauseMs: number;
};

const variable = folderVariable("EDIFACT");

const oneOf =
  (...values: readonly string[]) =>
  (value: string) =>
    values.includes(value) ? null : `must be ${values.join(" or ")}`;
const idProblem = (value: string) =>
  /^[A-Za-z0-9 .,/=-]{1,35}$/.test(value) ? null : "must be 1 to 35 letters, digits or .,/=-";
const qualifierProblem = (value: string) =>
  /^[A-Z0-9]{1,4}$/.test(value) ? null : "must be 1 to 4 letters or digits, e.g. 14 for a GLN";

export const edifactVariables: readonly VendorVariable[] = [
  ...folderVariables("EDIFACT"),
  variable("OUR_ID", "our interchange id, e.g. our GLN (UNB02 of what we send)", "", idProblem, true),
  variable("OUR_QUALIFIER", "what kind of id that is; 14 is a GLN", "14", qualifierProblem),
  variable("PARTNER_ID", "the partner's interchange id (UNB03 of what we send)", "", idProblem, true),
  variable("PARTNER_QUALIFIER", "what kind of id that is; 14 is a GLN", "14", qualifierProblem),
  variable("VERSION", "D96A or D01B, of what we send", "D96A", oneOf("D96A", "D01B")),
  variable(
    "ASSOCIATION",
    "the association's code of the message (UNH02), e.g. EAN008 for EANCOM; none: it is left out",
    "",
    (value) => (/^[A-Z0-9.]{1,6}$/.test(value) ? null : "must be 1 to 6 capitals or digits"),
  ),
  variable("CHARSET", "UNOC (ISO 8859-1) or UNOA (capitals), of what we send", "UNOC", oneOf("UNOC", "UNOA")),
  variable("TEST", "yes: what we send is marked as a test (UNB 0035)", "no", oneOf("yes", "no")),
  stockPauseVariable("EDIFACT", "15"),
  settleVariable("EDIFACT"),
];

/** @param values complete and without problems */
export function edifactPartnerOf(values: Readonly<Record<string, string>>): EdifactPartner {
  const value = (name: string) => values[`EDIFACT_${name}`] ?? "";
  return {
    folder: value("FOLDER"),
    folderKey: value("FOLDER_KEY"),
    ourId: value("OUR_ID"),
    ourQualifier: value("OUR_QUALIFIER"),
    partnerId: value("PARTNER_ID"),
    partnerQualifier: value("PARTNER_QUALIFIER"),
    version: value("VERSION") === "D01B" ? "D01B" : "D96A",
    association: value("ASSOCIATION"),
    charset: value("CHARSET") === "UNOA" ? "UNOA" : "UNOC",
    isTest: value("TEST") === "yes",
    settleMs: Number(value("SETTLE_SECONDS")) * 1_000,
    stockPauseMs: Number(value("STOCK_MINUTES")) * 60_000,
  };
}
