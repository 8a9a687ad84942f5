/**
 * The settings of outside vendors: which ones a deployment works with, with which accounts.
 *
 * A vendor's own folder says what must be set for it, as a `VendorDeclaration`. This file reads such
 * declarations from an environment and names no vendor. For each kind one variable lists the accounts, first
 * the one where new business begins: `HOLDFAST_CARRIERS=easypost,easypost:returns`. The account `default` has
 * the variables that the vendor declares. Another account has the same variables with its name at the end,
 * `EASYPOST_API_KEY_RETURNS`.
 */
import { isLoopback, passwordWeakness, weaknessOf } from "./production.ts";

/** Where a sandbox's simulators listen. */
type SimulatorAddresses = { readonly http: string; readonly smtp: string };

export type VendorVariable = {
  /** Of the account `default`. */
  readonly name: string;
  readonly meaning: string;
  /** The default in words, for `--help`. */
  readonly standard: string;
  readonly requiredToServe: boolean;
  /** Of a URL, e.g. `https:`; absent: any text. */
  readonly protocols?: readonly string[];
  /** A secret for signing; `holdfast start` makes one up where none is set. */
  readonly isMadeUp?: true;
  /**
   * Whoever knows it acts for us: production refuses one that can be guessed. So it is with what is made up.
   */
  readonly isSecret?: true;
  /** What is wrong with a value, or `null`. */
  problemOf?(value: string): string | null;
  /** The default, where the variable is not set. */
  fallback(context: { readonly isProduction: boolean; readonly simulators: SimulatorAddresses }): string;
};

export type VendorDeclaration = {
  /** As in addresses, settings and stored rows: `stripe`, `own-fleet`. */
  readonly provider: string;
  readonly variables: readonly VendorVariable[];
};

/** The vendors of one kind that this program speaks to. */
export type VendorKind = {
  /** As in addresses: `payments`. */
  readonly kind: string;
  /** The variable that lists the accounts. */
  readonly variable: string;
  readonly meaning: string;
  /** The default, where nothing is listed. */
  readonly standard: string;
  readonly mostAccounts: number;
  readonly vendors: readonly VendorDeclaration[];
};

/** One account, with the values of its vendor's variables under the names that the vendor declares. */
export type VendorSettings = {
  readonly provider: string;
  readonly account: string;
  readonly values: Readonly<Record<string, string>>;
};

/** The accounts of each kind, in order. */
export type ConfiguredVendors = Readonly<Record<string, readonly VendorSettings[]>>;

/** What the reader of all settings offers: each reads a variable and notes a problem with it. */
export type VariableReader = {
  text(name: string): string | null;
  url(name: string, protocols: readonly string[]): string | null;
  complain(name: string, problem: string): void;
};

/** What values are held to, and what stands in for those that are not set. */
export type VendorContext = {
  readonly isProduction: boolean;
  readonly simulators: SimulatorAddresses;
  /** Whether production refuses to speak without TLS to what this variable names. */
  isPlainRefused(name: string): boolean;
};

/** As part of a variable's name and of an address. */
const ACCOUNT = /^[a-z][a-z0-9_]{0,31}$/;

/** In the place of a list: every account of the kind is set on the page. */
export const NO_ACCOUNTS = "none";

/** The account of a merchant who has only one. */
export const DEFAULT_ACCOUNT = "default";

export function readVendors(
  kinds: readonly VendorKind[],
  read: VariableReader,
  context: VendorContext,
): ConfiguredVendors {
  return Object.fromEntries(
    kinds.map((kind) => [
      kind.kind,
      accountsOf(kind, read).map(({ vendor, account }) => ({
        provider: vendor.provider,
        account,
        values: Object.fromEntries(
          vendor.variables.map((variable) => [variable.name, readValue(variable, account, read, context)]),
        ),
      })),
    ]),
  );
}

/**
 * Gives every made-up secret that is not set the same random value, which a sandbox keeps in its data folder.
 */
export function withMadeUpSecrets(
  kinds: readonly VendorKind[],
  configured: ConfiguredVendors,
  secret: string,
): ConfiguredVendors {
  const isMadeUp = new Set(
    kinds
      .flatMap(({ vendors }) => vendors)
      .flatMap(({ variables }) => variables.filter((variable) => variable.isMadeUp).map(({ name }) => name)),
  );
  const filled = (values: VendorSettings["values"]) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        value === "" && isMadeUp.has(name) ? secret : value,
      ]),
    );
  return Object.fromEntries(
    Object.entries(configured).map(([kind, accounts]) => [
      kind,
      accounts.map((account) => ({ ...account, values: filled(account.values) })),
    ]),
  );
}

function accountsOf(
  kind: VendorKind,
  read: VariableReader,
): readonly { readonly vendor: VendorDeclaration; readonly account: string }[] {
  const listed = read.text(kind.variable) ?? kind.standard;
  if (listed.trim() === NO_ACCOUNTS) return [];
  const names = listed.split(",").map((name) => name.trim());
  const accounts = names.flatMap((name) => {
    const [provider, account = DEFAULT_ACCOUNT, ...more] = name.split(":");
    const vendor = kind.vendors.find((known) => known.provider === provider);
    if (vendor === undefined || more.length > 0 || !ACCOUNT.test(account)) {
      const known = kind.vendors.map((one) => one.provider).join(", ");
      read.complain(kind.variable, `must list vendor or vendor:account, of ${known}, not "${name}"`);
      return [];
    }
    return [{ vendor, account }];
  });
  const distinct = new Set(accounts.map(({ vendor, account }) => `${vendor.provider}:${account}`));
  if (distinct.size < accounts.length) read.complain(kind.variable, "names an account twice");
  if (accounts.length > kind.mostAccounts) {
    read.complain(kind.variable, `takes at most ${kind.mostAccounts}`);
  }
  return accounts;
}

function readValue(
  variable: VendorVariable,
  account: string,
  read: VariableReader,
  context: VendorContext,
): string {
  const name = account === DEFAULT_ACCOUNT ? variable.name : `${variable.name}_${account.toUpperCase()}`;
  const value = variable.protocols === undefined ? read.text(name) : read.url(name, variable.protocols);
  if (value !== null) {
    const problem = variable.problemOf?.(value) ?? null;
    if (problem !== null) read.complain(name, problem);
    else if (context.isProduction) complainOfProduction(variable, name, value, read, context);
    return value;
  }
  if (context.isProduction && variable.requiredToServe && read.text(name) === null) {
    read.complain(name, `is not set: ${variable.meaning}`);
  }
  return variable.fallback(context);
}

function complainOfProduction(
  variable: VendorVariable,
  name: string,
  value: string,
  read: VariableReader,
  context: VendorContext,
): void {
  for (const problem of weaknessesOf(variable, name, value, context)) read.complain(name, problem);
}

/** What production refuses a value for, by the end of a sentence about it. */
function weaknessesOf(
  variable: VendorVariable,
  name: string,
  value: string,
  context: VendorContext,
): readonly string[] {
  // Of an address that holds a password only that is a secret.
  const weakness =
    variable.isSecret === true || variable.isMadeUp === true ? weaknessOf(value) : passwordWeakness(value);
  const isPlain = value.startsWith("http:") && URL.canParse(value) && !isLoopback(new URL(value).hostname);
  return [
    ...(weakness === null ? [] : [weakness]),
    ...(isPlain && context.isPlainRefused(name)
      ? ["is not over TLS: use https://, or name it in HOLDFAST_ALLOW_PLAINTEXT"]
      : []),
  ];
}

/**
 * Whether a value of it is sealed where it is stored, and never shown. A server's URL may hold a password.
 */
export function isSecret({ isSecret: declared, isMadeUp, protocols }: VendorVariable): boolean {
  return (
    declared === true || isMadeUp === true || (protocols?.some((one) => one.startsWith("smtp")) ?? false)
  );
}

/** What is wrong with values that somebody gives for an account, each by the end of a sentence about it. */
export function valueProblems(
  vendor: VendorDeclaration,
  values: Readonly<Record<string, string>>,
  context: VendorContext,
): readonly { readonly name: string; readonly problem: string }[] {
  const unknown = Object.keys(values)
    .filter((name) => !vendor.variables.some((variable) => variable.name === name))
    .map((name) => ({ name, problem: `is no setting of ${vendor.provider}` }));
  const wrong = vendor.variables.flatMap((variable) => {
    const { name, protocols, requiredToServe, meaning } = variable;
    const value = values[name] ?? "";
    if (value === "")
      return context.isProduction && requiredToServe ? [{ name, problem: `is not set: ${meaning}` }] : [];
    const isOther =
      protocols !== undefined && !(URL.canParse(value) && protocols.includes(new URL(value).protocol));
    const problem = isOther
      ? `must be an address with ${protocols.join(" or ")}`
      : variable.problemOf?.(value);
    if (problem != null) return [{ name, problem }];
    const weaknesses = context.isProduction ? weaknessesOf(variable, name, value, context) : [];
    return weaknesses.map((each) => ({ name, problem: each }));
  });
  return [...unknown, ...wrong];
}

/** The values with what stands in for those that are not set. */
export function completeValues(
  vendor: VendorDeclaration,
  values: Readonly<Record<string, string>>,
  context: VendorContext,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    vendor.variables.map((variable) => {
      const value = values[variable.name] ?? "";
      return [variable.name, value === "" ? variable.fallback(context) : value];
    }),
  );
}
