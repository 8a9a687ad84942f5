import type { Logger } from "pino";

export type Broker = { readonly port: number; stop(): Promise<void> };

export async function startBroker(_options: {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly logger: Logger;
}): Promise<Broker> {
  throw new Error("being built");
}
