/** What a process of Vendure is started with: one argument, as JSON. */
export type VendureProcess = {
  readonly role: "populate" | "server" | "worker";
  /** Where it was fetched to. */
  readonly folder: string;
  readonly databaseUrl: string;
  readonly port: number;
  readonly admin: { readonly identifier: string; readonly password: string };
  /** A file of its import's format. Read by `populate`. */
  readonly productsFile: string;
  /** What it warns of. */
  readonly logFile: string;
};
