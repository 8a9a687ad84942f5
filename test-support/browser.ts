/** Chromium for the browser tests, as the machine has it; nothing is downloaded. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { recordInBrowser } from "./examples/record-in-browser.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** No sandbox, because tests may run as root; no network, because the tests need none. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @returns the program's path; where there is none, says what to install and returns `undefined` */
export function findChromium(): string | undefined {
  const folders = ["/usr/bin", ...(process.env["PATH"] ?? "").split(delimiter)];
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(existsSync);
  if (found === undefined) {
    process.stderr.write("Browser tests are skipped: install Chromium (apt-get install chromium).\n");
  }
  return found;
}

/** A file's part of the browser: contexts of its own, which share nothing with anybody else's. */
export type TestBrowser = Pick<Browser, "newContext"> & {
  /** Closes the contexts. */
  close(): Promise<void>;
};

/** Of this process: to start one costs seconds of processor time, and it ends with the process. */
let running: Promise<Browser> | undefined;

export async function launchChromium(executablePath: string): Promise<TestBrowser> {
  const isThere = (await running?.catch(() => undefined))?.isConnected() === true;
  if (!isThere) running = chromium.launch({ executablePath, args: ARGUMENTS });
  const browser = await (running as Promise<Browser>);
  const contexts: BrowserContext[] = [];
  return {
    newContext: async (options) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      recordInBrowser(context);
      return context;
    },
    close: async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
    },
  };
}
