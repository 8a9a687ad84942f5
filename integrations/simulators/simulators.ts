/** The outside world of a sandbox: payment gateway, carrier and mailbox, in one process. */
import type { Logger } from "pino";

export type SimulatorOptions = {
  readonly host: string;
  readonly httpPort: number;
  readonly smtpPort: number;
  readonly dataFolder: string;
  readonly carrierWebhookUrl: string;
  readonly carrierWebhookSecret: string;
  readonly logger: Logger;
};

export type Simulators = { readonly httpPort: number; readonly smtpPort: number; stop(): Promise<void> };

export function startSimulators(_options: SimulatorOptions): Promise<Simulators> {
  return Promise.reject(new Error("the simulators are not built yet"));
}
